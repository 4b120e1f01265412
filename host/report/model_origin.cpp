#include "host/report/model_origin.hpp"

#include <fmt/format.h>

#include <utility>

#include "host/model/model_file.hpp"
#include "host/report/run_watcher.hpp"

namespace thalweg::report {
namespace {

const char* why_no_model(RunStage stage) {
  if (stage == RunStage::running) return "the run has not ended";
  if (stage == RunStage::killed) return "the run was killed";
  if (stage == RunStage::diverged) return "the run diverged";
  return stage == RunStage::failed ? "the run ended with an error" : "there is no model.safetensors";
}

/// Empty where the run has a model of its own.
std::string origin_words(const std::string& run, const ModelFile& model) {
  if (model.checkpoint.empty()) return "";
  const RunStage stage = RunWatcher(run).look(0).stage;
  return fmt::format("{}: {}; the model is that of its newest checkpoint, step {}, epoch {}", run,
                     why_no_model(stage), model.step, model.epoch);
}

}  // namespace

Model load_model(const Context& ctx, const std::string& run, std::vector<std::string>& notes) {
  const ModelFile found = find_model_file(run);
  notes.insert(notes.end(), found.damaged.begin(), found.damaged.end());
  if (std::string words = origin_words(run, found); !words.empty()) notes.push_back(std::move(words));
  return Model::load(ctx, found.path);
}

}  // namespace thalweg::report
