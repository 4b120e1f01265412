#pragma once
// The forward product of a layer with more outputs than dot products serve.
#include "kernels/gemm/product.cuh"
#include "kernels/linear/linear.hpp"

namespace thalweg {

/// Forward of a layer with more than kFewOutputs outputs, its rows read as Source.
template <class Source>
void launch_forward(const Device& device, const LinearForward& a, const Source& rows) {
  launch_product<LineAlong::depth>(
      device, "linear_forward",
      ProductArgs<Source, Lines>{rows, make_lines(a.weight, a.input.cols), a.input.rows, a.output.cols,
                                 a.input.cols, a.output, has_quads(a.output)},
      ForwardEpilogue{a.bias, a.activation, a.before_activation, has_quads(a.bias),
                      has_quads(a.before_activation)});
}

}  // namespace thalweg
