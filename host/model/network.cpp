#include "host/model/network.hpp"

#include <algorithm>
#include <cmath>

#include "host/model/spec_rules.hpp"
#include "host/model/tensor_rules.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/lane.hpp"
#include "kernels/base/philox.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Uniform bounds: He et al. 2015 for rectifiers, Glorot and Bengio 2010 for the other activations.
float hidden_bound(Activation kind, std::int64_t in, std::int64_t out) {
  const bool rectifier = traits_of(kind).rectifier;
  const double variance = rectifier ? 2.0 / static_cast<double>(in) : 2.0 / static_cast<double>(in + out);
  return static_cast<float>(std::sqrt(3.0 * variance));  // mutant: uniform-bound
}

float output_bound(std::int64_t in, std::int64_t out) {
  return static_cast<float>(std::sqrt(6.0 / static_cast<double>(in + out)));
}

/// Element e of parameter p: uniform in [-bound, bound) from word e % 4 of the Philox block (e / 4, p).
void fill_initial(const ParameterPlan::Entry& entry, std::uint32_t parameter, std::uint64_t seed,
                  float* values) {
  const PhiloxKey key = philox_key(seed, RandomPurpose::init);
  for (std::int64_t e = 0; e < entry.size; ++e) {
    if (entry.spec.init.bound == 0.0f) {
      values[e] = entry.spec.init.constant;
      continue;
    }
    const PhiloxBlock block = philox(philox_counter(0, parameter, 0, static_cast<std::uint64_t>(e / 4)), key);
    values[e] = std::fma(2.0f * uniform01(block.word[e % 4]), entry.spec.init.bound, -entry.spec.init.bound);
  }
}

}  // namespace

Network::Network(const ModelSpec& spec)
    : spec_((require_usable(spec), spec)), objective_(make_objective(spec.config)) {
  build();
  for (const auto& layer : layers_) layer->declare(plan_);
}

Network::Network(const Context& ctx, const ModelSpec& spec) : Network(spec) {
  const Lane lane(ctx);
  parameters_ = Buffer<float>(ctx, plan_.arena_size());
  buffers_ = Buffer<float>(ctx, plan_.buffer_size());
  initialise(ctx);
}

const Layer* Network::sparse_layer() const {
  for (const auto& layer : layers_) {
    if (layer->sparse_weight() >= 0) return layer.get();
  }
  return nullptr;
}

bool Network::is_single_output_linear() const {
  return layers_.size() == 1 && spec_.outputs == 1 && std::holds_alternative<LossSpec>(objective_);
}

bool Network::fuses_next(std::size_t layer) const {
  return layers_[layer]->fuses_activations() && layer + 1 < layers_.size() &&
         layers_[layer + 1]->activation().present;
}

bool Network::fuses_previous(std::size_t layer) const {
  return layers_[layer]->fuses_activations() && layer > 0 && layers_[layer - 1]->activation().present;
}

std::int64_t Network::parameter_layers() const {
  return std::count_if(layers_.begin(), layers_.end(),
                       [](const auto& layer) { return layer->has_parameters(); });
}

void Network::require_per_sample() const {
  for (const auto& layer : layers_) {
    if (const auto refusal = layer->per_sample_refusal()) {
      throw UnsupportedLayer("layer \"" + layer->name() +
                             "\" has no per-sample gradient: " + refusal->reason);
    }
  }
}

void Network::build() {
  std::int64_t width = spec_.schema.features;
  for (std::size_t i = 0; i < spec_.config.hidden.size(); ++i) {
    add_hidden(i, width, spec_.config.hidden[i]);
    width = spec_.config.hidden[i];
  }
  const std::size_t last = spec_.config.hidden.size();
  add_linear(last, width, spec_.outputs, last == 0 ? 0.0f : output_bound(width, spec_.outputs));
}

void Network::add_linear(std::size_t index, std::int64_t in, std::int64_t out, float bound) {
  const std::string name = "layers." + std::to_string(index);
  const ParameterInit init{.bound = spec_.config.init == name_of(Initialisation::zeros) ? 0.0f : bound};
  const bool first_on_sparse = index == 0 && spec_.schema.sparse;
  layers_.push_back(first_on_sparse ? make_sparse_linear(name, in, out, spec_.config.bias, init)
                                    : make_linear(name, in, out, spec_.config.bias, init));
}

void Network::add_normalization(const std::string& name, std::int64_t features) {
  switch (spec_.config.normalization) {
    case Normalization::none:
      return;
    case Normalization::layer:
      return layers_.push_back(make_layer_norm(name, features));
    case Normalization::batch:
      return layers_.push_back(make_batch_norm(name, features));
  }
}

void Network::add_hidden(std::size_t index, std::int64_t in, std::int64_t out) {
  const ModelConfig& config = spec_.config;
  const Activation kind = config.activation;
  const std::string name = "layers." + std::to_string(index);
  add_linear(index, in, out, hidden_bound(kind, in, out));
  add_normalization(name + ".norm", out);
  layers_.push_back(make_activation(name + ".activation", out, kind));
  if (config.dropout > 0) {
    layers_.push_back(
        // mutant: mask-per-layer
        make_dropout(name + ".dropout", out, config.dropout, spec_.seed, static_cast<std::uint32_t>(index)));
  }
}

void Network::initialise(const Context& ctx) {
  std::vector<float> values(static_cast<std::size_t>(plan_.arena_size()));
  for (std::size_t p = 0; p < plan_.parameters().size(); ++p) {
    const auto& entry = plan_.parameters()[p];
    fill_initial(entry, static_cast<std::uint32_t>(p), spec_.seed, values.data() + entry.offset);
  }
  parameters_.upload(ctx, values.data(), parameters_.size());
  std::vector<float> buffers(static_cast<std::size_t>(plan_.buffer_size()));
  for (const auto& entry : plan_.buffers()) fill_initial(entry, 0, spec_.seed, buffers.data() + entry.offset);
  buffers_.upload(ctx, buffers.data(), buffers_.size());
}

std::vector<NamedTensor> download_tensors(const Context& ctx,
                                          const std::vector<ParameterPlan::Entry>& entries,
                                          const Buffer<float>& arena) {
  std::vector<NamedTensor> tensors;
  for (const auto& entry : entries) {
    NamedTensor tensor{entry.spec.name, entry.spec.shape,
                       std::vector<float>(static_cast<std::size_t>(entry.size))};
    backend_of(ctx).memory.download(device_of(ctx), tensor.values.data(), arena.data() + entry.offset,
                                    entry.size * std::int64_t{sizeof(float)});
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

void upload_tensors(const Context& ctx, const std::vector<ParameterPlan::Entry>& entries,
                    const std::vector<NamedTensor>& tensors, Buffer<float>& arena) {
  const std::vector<const NamedTensor*> in_order = matched(entries, tensors);
  for (std::size_t i = 0; i < entries.size(); ++i)
    arena.upload(ctx, in_order[i]->values.data(), entries[i].size, entries[i].offset);
}

}  // namespace thalweg
