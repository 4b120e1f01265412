// The products of the network's layers: forward, gradient by the input, gradient by the weights.
#include <algorithm>
#include <cmath>

#include "host/bench/made_data.hpp"
#include "host/bench/training_cases.hpp"
#include "host/run/error_bound.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kInputs = 784;
/// Rows or outputs of the result that are held against the reference: none depends on another.
constexpr std::int64_t kChecked = 16;

enum class Product { forward, input_grad, parameter_grad };
const std::pair<Product, const char*> kProducts[] = {{Product::forward, "forward"},
                                                     {Product::input_grad, "input_grad"},
                                                     {Product::parameter_grad, "parameter_grad"}};

/// One layer's arrays: x [n, in], weight [out, in], bias [out], grad [n, out], and a result.
struct LayerArrays {
  const Context& ctx;
  std::int64_t n, in, out;
  Buffer<float> x, weight, bias, grad, result, bias_result;

  /// `magnitudes`: the absolute values of the same numbers.
  LayerArrays(const Context& c, std::int64_t rows, std::int64_t inputs, std::int64_t outputs,
              bool magnitudes = false)
      : ctx(c),
        n(rows),
        in(inputs),
        out(outputs),
        x(c, numbers(21, rows * inputs, magnitudes)),
        weight(c, numbers(22, outputs * inputs, magnitudes)),
        bias(c, numbers(23, outputs, magnitudes)),
        grad(c, numbers(24, rows * outputs, magnitudes)),
        result(c, std::max({rows * outputs, rows * inputs, outputs * inputs})),
        bias_result(c, outputs) {}

  std::vector<float> numbers(std::uint64_t stream, std::int64_t count, bool magnitudes) const {
    std::vector<float> values = uniform_floats(ctx, stream, count);
    if (magnitudes)
      std::transform(values.begin(), values.end(), values.begin(), [](float v) { return std::abs(v); });
    return values;
  }

  /// The first `rows` rows (forward, input_grad), or outputs (parameter_grad), of the result.
  void run(Product product, std::int64_t rows) const {
    const LinearOps& linear = backend_of(ctx).linear;
    switch (product) {
      case Product::forward:
        return linear.forward(device_of(ctx), {.input = dense_rows(matrix<const float>(x.data(), rows, in)),
                                               .weight = weight.data(),
                                               .bias = bias.data(),
                                               .output = matrix(result.data(), rows, out)});
      case Product::input_grad:
        return linear.input_grad(device_of(ctx), {.grad_output = matrix<const float>(grad.data(), rows, out),
                                                  .weight = weight.data(),
                                                  .grad_input = matrix(result.data(), rows, in)});
      case Product::parameter_grad:
        return linear.parameter_grad(device_of(ctx),
                                     {.input = dense_rows(matrix<const float>(x.data(), n, in)),
                                      .grad_output = {grad.data(), n, rows, out},
                                      .slices = whole_batch(n),
                                      .grad_weight = {.sum = result.data()},
                                      .grad_bias = {.sum = bias_result.data()}});
    }
  }
  /// Rows of the result, and the width and the longest sum of one.
  std::int64_t result_rows(Product product) const { return product == Product::parameter_grad ? out : n; }
  std::int64_t width(Product product) const { return product == Product::forward ? out : in; }
  std::int64_t terms(Product product) const {
    return product == Product::forward ? in + 1 : product == Product::input_grad ? out : n;
  }
};

Cost cost_of(Product product, std::int64_t n, std::int64_t in, std::int64_t out) {
  return product == Product::forward      ? linear_forward_cost(n, in, out)
         : product == Product::input_grad ? linear_input_grad_cost(n, in, out)
                                          : linear_parameter_grad_cost(n, in, out);
}

/// Each element is within gamma_k of the sum of its terms' magnitudes (Higham 2002, section 3.1). The
/// reported error is the largest share of that bound.
std::vector<Check> check_product(const LayerArrays& got, Product product) {
  const Context reference({.device = "reference"});
  const LayerArrays want(reference, got.n, got.in, got.out);
  const LayerArrays magnitudes(reference, got.n, got.in, got.out, /*magnitudes=*/true);
  const std::int64_t rows = std::min(kChecked, got.result_rows(product));
  got.run(product, got.result_rows(product));
  want.run(product, rows);
  magnitudes.run(product, rows);
  const std::vector<float> a = got.result.download(got.ctx), b = want.result.download(reference),
                           m = magnitudes.result.download(reference);
  const double bound = rounding_bound(got.terms(product)) + 0x1p-23 + cut_factors_bound(got.ctx);
  double error = 0;
  for (std::int64_t i = 0; i < rows * got.width(product); ++i) {
    const auto k = static_cast<std::size_t>(i);
    const double share =
        std::abs(static_cast<double>(a[k]) - b[k]) / std::max(static_cast<double>(m[k]), 1e-30);
    if (!(share <= error)) error = share;
  }
  return {{"product", error, bound}};
}

Case product_case(const Bench& bench, const std::shared_ptr<const LayerArrays>& layer, Product product,
                  const char* name) {
  const Context& ctx = bench.ctx;
  Case subject{.workload = "gemm",
               .shape = {{"product", name}, {"batch", layer->n}, {"in", layer->in}, {"out", layer->out}},
               .samples = static_cast<double>(layer->n),
               .cost = cost_of(product, layer->n, layer->in, layer->out),
               .run = [layer, product] { layer->run(product, layer->result_rows(product)); },
               .finish = [&ctx] { backend_of(ctx).memory.synchronize(device_of(ctx)); },
               .check = [layer, product] { return check_product(*layer, product); }};
  bench.machine.bind(subject, subject.cost.bytes_read + subject.cost.bytes_written);
  return subject;
}

}  // namespace

void gemm(const Bench& bench) {
  const WorkloadOptions& o = bench.options.workload;
  std::vector<std::int64_t> widths{or_default(o.features, kInputs)};
  for (const std::int64_t width : or_default<std::int64_t>(o.hidden, {512, 512})) widths.push_back(width);
  widths.push_back(o.outputs);
  for (const std::int64_t batch : or_default<std::int64_t>(o.batch, {128, 256, 1024})) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      const auto layer = std::make_shared<const LayerArrays>(bench.ctx, batch, widths[i], widths[i + 1]);
      for (const auto& [product, name] : kProducts) {
        if (product == Product::input_grad && i == 0) continue;  // the gradient of the data is not needed
        bench.measure({product_case(bench, layer, product, name)});
      }
    }
  }
}

}  // namespace thalweg::bench
