#include <algorithm>

#include "host/model/network.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {

Pass::Pass(const Context& ctx, const Network& network, std::int64_t max_rows, PassUse use) : use_(use) {
  plan_activations(ctx, network, max_rows);
  if (use != PassUse::forward) plan_gradients(ctx, network, max_rows);
}

void Pass::plan_activations(const Context& ctx, const Network& network, std::int64_t max_rows) {
  std::int64_t activation_floats = 0, kept_floats = 0;
  for (const auto& layer : network.layers()) {
    if (!layer->in_place()) activation_floats += max_rows * layer->out_features();
    kept_floats += layer->kept_floats(max_rows);
  }
  activations_ = Buffer<float>(ctx, activation_floats);
  kept_ = Buffer<float>(ctx, kept_floats);
  float* activation = activations_.data();
  float* kept = kept_.data();
  for (const auto& layer : network.layers()) {
    outputs_.push_back(layer->in_place() ? outputs_.back() : activation);
    if (!layer->in_place()) activation += max_rows * layer->out_features();
    kept_of_.push_back(kept);
    kept += layer->kept_floats(max_rows);
  }
}

/// Plans from the last layer to the first. A layer that works in place writes its grad_input over its
/// grad_output. Any other layer uses the other one of two buffers, or a buffer of its own in a per-sample
/// pass.
void Pass::plan_gradients(const Context& ctx, const Network& network, std::int64_t max_rows) {
  const auto& layers = network.layers();
  std::int64_t widest = 0;
  for (const auto& layer : layers) widest = std::max(widest, layer->out_features());
  output_gradients_.resize(layers.size());
  std::size_t current = 0;
  const auto add = [&](std::int64_t width) { gradients_.emplace_back(ctx, max_rows * width); };
  add(use_ == PassUse::per_sample ? layers.back()->out_features() : widest);
  for (std::size_t i = layers.size(); i-- > 0;) {
    output_gradients_[i] = gradients_[current].data();
    if (i == 0 || layers[i]->gradient_in_place()) continue;
    if (use_ == PassUse::per_sample) {
      add(layers[i]->in_features());
      ++current;
    } else {
      if (gradients_.size() == 1) add(widest);
      current = 1 - current;
    }
  }
}

CallBase Pass::call_of(const Network& network, std::size_t layer, const PassInput& input,
                       const ArenaView& arenas) const {
  CallBase call;
  call.arenas = arenas;
  call.slices = input.slices;
  call.ids = input.ids;
  call.step = input.step;
  call.training = input.training;
  const std::int64_t rows = input.slices.rows;
  if (layer == 0) {
    call.input = input.input;
  } else {
    call.input.rows = dense_rows(output_of(network, layer - 1, rows));
  }
  call.output = output_of(network, layer, rows);
  call.kept = kept_of_[layer];
  return call;
}

ForwardCall Pass::forward_call(const Network& network, std::size_t i, const PassInput& input,
                               const ArenaView& arenas) const {
  ForwardCall call{call_of(network, i, input, arenas)};
  if (!network.fuses_next(i)) return call;
  call.output_activation = network.layers()[i + 1]->activation();
  if (use_ != PassUse::forward && backward_needs_input(call.output_activation.kind))
    call.before_activation = call.output;
  call.output = output_of(network, i + 1, input.slices.rows);
  return call;
}

BackwardCall Pass::backward_call(const Network& network, std::size_t i, const PassInput& input,
                                 const ArenaView& arenas) const {
  BackwardCall call{call_of(network, i, input, arenas)};
  const std::int64_t rows = input.slices.rows;
  const Layer& layer = *network.layers()[i];
  call.grad_output = matrix<const float>(output_gradients_[i], rows, layer.out_features());
  if (i > 0) call.grad_input = matrix(output_gradients_[i - 1], rows, layer.in_features());
  if (network.fuses_previous(i)) {
    // An activation's gradients are in place: grad_input is already where it would leave its own.
    call.input_activation = network.layers()[i - 1]->activation();
    call.input_activation_kept =
        output_of(network, backward_needs_input(call.input_activation.kind) ? i - 2 : i - 1, rows);
  }
  return call;
}

Matrix Pass::forward(const Context& ctx, const Network& network, const PassInput& input,
                     const ArenaView& arenas) {
  Matrix output;
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    const ForwardCall call = forward_call(network, i, input, arenas);
    network.layers()[i]->forward(ctx, call);
    output = call.output;
    if (network.fuses_next(i)) ++i;
  }
  return output;
}

Matrix Pass::output_gradient(const Network& network, std::int64_t rows) const {
  return matrix(output_gradients_.back(), rows, network.spec().outputs);
}

template <class Run>
void Pass::down_the_layers(const Context& ctx, const Network& network, const PassInput& input,
                           const ArenaView& arenas, const SquaredNorms* norms, const Run& run) {
  std::int64_t index = network.parameter_layers();
  for (std::size_t i = network.layers().size(); i-- > 0;) {
    const Layer& layer = *network.layers()[i];
    const BackwardCall call = backward_call(network, i, input, arenas);
    if (norms != nullptr && layer.has_parameters()) {
      layer.squared_norms(ctx, call, norms->layer(--index));
    }
    run(i, call);
    if (network.fuses_previous(i)) --i;
  }
}

void Pass::backward(const Context& ctx, const Network& network, const PassInput& input,
                    const ArenaView& arenas, const SquaredNorms* norms) {
  down_the_layers(ctx, network, input, arenas, norms,
                  [&](std::size_t i, const BackwardCall& call) { network.layers()[i]->backward(ctx, call); });
}

void Pass::output_gradients(const Context& ctx, const Network& network, const PassInput& input,
                            const ArenaView& arenas, const SquaredNorms* norms) {
  down_the_layers(ctx, network, input, arenas, norms, [&](std::size_t i, const BackwardCall& call) {
    if (i > 0) network.layers()[i]->input_gradient(ctx, call);
  });
}

void Pass::scale_gradients(const Context& ctx, const Network& network, std::int64_t rows,
                           const float* factors, std::int64_t stride) {
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    const Layer& layer = *network.layers()[i];
    if (!layer.has_parameters()) continue;
    backend_of(ctx).per_sample.scale_rows(
        device_of(ctx),
        {.matrix = matrix(output_gradients_[i], rows, layer.out_features()), .factors = factors});
    factors += stride;
  }
}

/// From the first layer to the last: a layer may clobber the gradient memory of the one below it, which is
/// done by then.
void Pass::parameter_gradients(const Context& ctx, const Network& network, const PassInput& input,
                               const ArenaView& arenas) {
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    network.layers()[i]->parameter_gradient(ctx, backward_call(network, i, input, arenas));
  }
}

void Pass::sample_gradients(const Context& ctx, const Network& network, const PassInput& input,
                            const ArenaView& arenas, Matrix rows) {
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    const Layer& layer = *network.layers()[i];
    if (layer.has_parameters()) layer.sample_gradients(ctx, backward_call(network, i, input, arenas), rows);
  }
}

}  // namespace thalweg
