#include "examples/gallery/data.hpp"

#include <numeric>
#include <utility>

#include "examples/gallery/one_thread.hpp"

namespace thalweg::gallery {

Dataset rows_of(std::int64_t features, Floats x, Floats y) {
  Dataset data;
  data.source = "prices";
  data.rows = std::ssize(y);
  data.features = features;
  data.dense_f32 = std::move(x);
  data.target = std::move(y);
  return data;
}

std::vector<std::int64_t> all_rows(const Dataset& data) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(data.rows));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

Model model_for(const Dataset& data, const ModelConfig& config, std::uint64_t seed) {
  return {one_thread(), resolve_model(config, schema_of(data), seed)};
}

Line line_of(const Model& model) {
  const std::vector<NamedTensor> parameters = model.parameters();
  return {parameters[0].values[0], parameters[1].values[0]};
}

const std::string& Run::message(const std::string& words) const {
  for (const std::string& line : messages)
    if (line.find(words) != std::string::npos) return line;
  throw UsageError("the run did not say \"" + words + "\"");
}

Run listen(Config config, const Dataset& data) {
  if (config.train.batch_size == 0) config.train.batch_size = data.rows;
  config.device = one_thread().device();
  config.train.threads = one_thread().threads();
  Run run;
  TrainObserver observer;
  observer.message = [&](const std::string& line) { run.messages.push_back(line); };
  observer.epoch = [&](const EpochReport& epoch) {
    run.train_loss.push_back(epoch.train_loss);
    if (epoch.validation) run.validation_loss.push_back((*epoch.validation)["loss"]);
  };
  try {
    run.report = train(config, data, &data, observer);
  } catch (const DivergedError& error) {
    run.error = error.what();
  }
  return run;
}

}  // namespace thalweg::gallery
