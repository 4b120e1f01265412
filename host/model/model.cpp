#include "thalweg/model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/checkpoint/tensor_file.hpp"
#include "host/model/model_call.hpp"
#include "host/model/model_file.hpp"
#include "host/model/network.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Splits what a file holds into the model's parameters and buffers; upload_tensors then reports what does
/// not fit, and `where` says where it comes from.
void set_from_file(const Network& network, Model& model, const std::string& where,
                   std::vector<NamedTensor> tensors) {
  std::vector<NamedTensor> parameters, buffers;
  for (NamedTensor& tensor : tensors) {
    const bool is_buffer = std::any_of(network.plan().buffers().begin(), network.plan().buffers().end(),
                                       [&](const auto& entry) { return entry.spec.name == tensor.name; });
    (is_buffer ? buffers : parameters).push_back(std::move(tensor));
  }
  try {
    model.set_parameters(parameters);
    model.set_buffers(buffers);
  } catch (const ShapeError& error) {
    throw ShapeError(fmt::format("{}: {}", where, error.what()));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", where, error.what()));
  }
}

}  // namespace

Model::Model(const Context& ctx, const ModelSpec& spec)
    : ctx_(ctx), network_(std::make_unique<Network>(ctx, spec)) {
  const std::string& init = spec.config.init;
  if (value_named<Initialisation>(init)) return;
  set_from_file(*network_, *this, "model.init = " + init,
                read_float_tensors(find_model_file(init).path).tensors);
}

Model::Model(const Context& ctx, std::unique_ptr<Network> network)
    : ctx_(ctx), network_(std::move(network)) {}

Model Model::load(const Context& ctx, const std::string& path) {
  const std::string file = find_model_file(path).path;
  FloatTensors contents = read_float_tensors(file);
  ModelSpec spec = model_spec_from(contents.metadata, file);
  spec.config.init = name_of(Initialisation::zeros);
  Model model(ctx, std::make_unique<Network>(ctx, spec));
  set_from_file(*model.network_, model, file, std::move(contents.tensors));
  return model;
}

std::optional<ModelSpec> stored_spec(const std::string& path) {
  const std::string file = find_model_file(path).path;
  const FloatTensors contents = read_float_tensors(file);
  if (!contents.metadata.contains("schema")) return std::nullopt;
  return model_spec_from(contents.metadata, file);
}

Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

void Model::save(const std::string& file) const {
  const ReadingCall call(*this, "Model::save");
  std::vector<NamedTensor> tensors = parameters();
  for (NamedTensor& buffer : buffers()) tensors.push_back(std::move(buffer));
  write_float_tensors(file, tensors, model_metadata(spec()));
}

const Context& Model::context() const { return ctx_; }
const ModelSpec& Model::spec() const { return network().spec(); }
Network& Model::network() const {
  if (network_ == nullptr) throw UsageError("the model has been moved from; nothing is left in it");
  return *network_;
}

std::vector<NamedTensor> Model::parameters() const {
  const ReadingCall call(*this, "Model::parameters");
  return download_tensors(ctx_, network_->plan().parameters(), network_->parameters());
}

std::vector<NamedTensor> Model::buffers() const {
  const ReadingCall call(*this, "Model::buffers");
  return download_tensors(ctx_, network_->plan().buffers(), network_->buffers());
}

void Model::set_parameters(const std::vector<NamedTensor>& parameters) {
  const ChangingCall call(*this, "Model::set_parameters");
  upload_tensors(ctx_, network_->plan().parameters(), parameters, network_->parameters());
}

void Model::set_buffers(const std::vector<NamedTensor>& buffers) {
  const ChangingCall call(*this, "Model::set_buffers");
  upload_tensors(ctx_, network_->plan().buffers(), buffers, network_->buffers());
}

}  // namespace thalweg
