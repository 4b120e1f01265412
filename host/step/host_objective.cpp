#include "host/step/host_objective.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// A NaN that no computation makes, in every element before the call. What is added to it stays it.
constexpr std::uint32_t kUnwritten = 0x7fd0a5e1;

std::vector<float> unwritten(std::int64_t size) {
  return std::vector<float>(static_cast<std::size_t>(size), std::bit_cast<float>(kUnwritten));
}

/// `values`: [rows of the call, columns].
void require_written(const std::vector<float>& values, std::int64_t columns, const char* what,
                     const std::int64_t* rows, const Dataset& data) {
  const auto hole = std::find_if(values.begin(), values.end(), [](float value) {
    return std::bit_cast<std::uint32_t>(value) == kUnwritten;
  });
  if (hole == values.end()) return;
  const std::int64_t row = (hole - values.begin()) / columns;
  throw DivergedError(
      fmt::format("the objective did not write {} of {}; nothing has changed", what, data.where(rows[row])));
}

}  // namespace

void require_objective(const ObjectiveFunction& objective) {
  if (!objective) throw UsageError("the objective is an empty std::function");
}

void append(ObjectiveResult& to, const ObjectiveResult& more) {
  to.losses.insert(to.losses.end(), more.losses.begin(), more.losses.end());
  to.gradient.insert(to.gradient.end(), more.gradient.begin(), more.gradient.end());
}

ObjectiveFunction replayed(const ObjectiveResult& result) {
  return [&result](const ObjectiveCall& call) {
    const auto [rows, cols] = std::pair(call.output.rows, call.output.cols);
    std::copy_n(result.losses.begin() + call.first, rows, call.losses);
    std::copy_n(result.gradient.begin() + call.first * cols, rows * cols, call.grad_output.data);
  };
}

void require_finite_gradient(const ObjectiveResult& result, const std::int64_t* rows, const Dataset& data) {
  const auto bad = std::find_if(result.gradient.begin(), result.gradient.end(),
                                [](float value) { return !std::isfinite(value); });
  if (bad == result.gradient.end()) return;
  const std::int64_t columns = std::ssize(result.gradient) / std::ssize(result.losses);
  const std::int64_t row = (bad - result.gradient.begin()) / columns;
  throw DivergedError(
      fmt::format("the objective's gradient of {} is {}; nothing has changed", data.where(rows[row]), *bad));
}

ObjectiveResult call_objective(const HostObjective& objective, ConstMatrix output, std::int64_t first,
                               float scale, const Dataset& data) {
  ObjectiveResult result{unwritten(output.rows), unwritten(output.rows * output.cols)};
  const std::int64_t* const rows = objective.rows + first;
  objective.function({.output = output,
                      .rows = rows,
                      .first = first,
                      .batch_rows = objective.batch_rows,
                      .scale = scale,
                      .losses = result.losses.data(),
                      .grad_output = matrix(result.gradient.data(), output.rows, output.cols)});
  require_written(result.losses, 1, "the loss", rows, data);
  require_written(result.gradient, output.cols, "the gradient", rows, data);
  return result;
}

}  // namespace thalweg
