#include <algorithm>

#include "host/model/network.hpp"

namespace thalweg {

Pass::Pass(const Context& ctx, const Network& network, std::int64_t max_rows, bool backward) {
  std::int64_t activation_floats = 0, kept_floats = 0, widest = 0;
  for (const auto& layer : network.layers()) {
    if (!layer->in_place()) activation_floats += max_rows * layer->out_features();
    kept_floats += layer->kept_floats(max_rows);
    widest = std::max(widest, layer->out_features());
  }
  activations_ = Buffer<float>(ctx, activation_floats);
  kept_ = Buffer<float>(ctx, kept_floats);
  if (backward) {
    for (auto& gradient : gradients_) gradient = Buffer<float>(ctx, max_rows * widest);
  }
  float* activation = activations_.data();
  float* kept = kept_.data();
  for (const auto& layer : network.layers()) {
    outputs_.push_back(layer->in_place() ? outputs_.back() : activation);
    if (!layer->in_place()) activation += max_rows * layer->out_features();
    kept_of_.push_back(kept);
    kept += layer->kept_floats(max_rows);
  }
}

LayerCall Pass::call_of(const Network& network, std::size_t layer, const PassInput& input,
                        const ArenaView& arenas) const {
  LayerCall call;
  call.arenas = arenas;
  call.slices = input.slices;
  call.ids = input.ids;
  call.step = input.step;
  call.training = input.training;
  const std::int64_t rows = input.slices.rows;
  if (layer == 0) {
    call.input = input.dense;
    call.sparse = input.sparse;
    call.touched = input.touched;
    call.sparse_weight_sum = input.sparse_weight_sum;
  } else {
    call.input =
        dense_rows(matrix<const float>(outputs_[layer - 1], rows, network.layers()[layer]->in_features()));
  }
  call.output = matrix(outputs_[layer], rows, network.layers()[layer]->out_features());
  call.kept = kept_of_[layer];
  return call;
}

Matrix Pass::forward(const Context& ctx, const Network& network, const PassInput& input,
                     const ArenaView& arenas) {
  Matrix output;
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    const LayerCall call = call_of(network, i, input, arenas);
    network.layers()[i]->forward(ctx, call);
    output = call.output;
  }
  return output;
}

Matrix Pass::output_gradient(const Network& network, std::int64_t rows) const {
  return matrix(gradients_[0].data(), rows, network.spec().outputs);
}

void Pass::backward(const Context& ctx, const Network& network, const PassInput& input,
                    const ArenaView& arenas) {
  int current = 0;
  for (std::size_t i = network.layers().size(); i-- > 0;) {
    const Layer& layer = *network.layers()[i];
    LayerCall call = call_of(network, i, input, arenas);
    call.grad_output =
        matrix<const float>(gradients_[current].data(), input.slices.rows, layer.out_features());
    if (i > 0) {
      const int next = layer.in_place() ? current : 1 - current;
      call.grad_input = matrix(gradients_[next].data(), input.slices.rows, layer.in_features());
      current = next;
    }
    layer.backward(ctx, call);
  }
}

}  // namespace thalweg
