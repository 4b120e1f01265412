#pragma once
// Operators of ONNX that work element by element, on shapes that are broadcast.
#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/onnx_file.hpp"

namespace thalweg::test::onnx {

using Shape = std::vector<std::int64_t>;
enum { kFloat = 1, kInteger = 7, kText = 8, kBool = 9, kDouble = 11 };

inline void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

/// The element of `tensor` at the place of element `i` of a tensor of that shape, to which it is broadcast.
inline std::size_t broadcast_place(const Tensor& tensor, const Shape& shape, std::size_t i) {
  std::size_t place = 0, factor = 1;
  auto rest = static_cast<std::int64_t>(i);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const std::int64_t length = shape[shape.size() - 1 - d], at = rest % length;
    rest /= length;
    if (d >= tensor.shape.size()) continue;
    const std::int64_t own = tensor.shape[tensor.shape.size() - 1 - d];
    require(own == length || own == 1, "shapes that do not fit");
    place += factor * static_cast<std::size_t>(own == 1 ? 0 : at);
    factor *= static_cast<std::size_t>(own);
  }
  return place;
}

inline Shape broadcast(const Shape& a, const Shape& b) {
  Shape shape = a.size() < b.size() ? b : a;
  const Shape& other = a.size() < b.size() ? a : b;
  const std::size_t more = shape.size() - other.size();
  for (std::size_t d = 0; d < other.size(); ++d) shape[more + d] = std::max(shape[more + d], other[d]);
  return shape;
}

/// float32 rounds every result, integers and doubles stay.
inline Tensor as(int type, Shape shape, std::vector<double> numbers) {
  for (double& x : numbers) {
    if (type == kFloat) x = static_cast<float>(x);
    if (type == kInteger) x = std::trunc(x);
  }
  return {type, std::move(shape), std::move(numbers)};
}

inline Tensor each(const Tensor& x, const std::function<double(double)>& f, int type = 0) {
  std::vector<double> numbers;
  for (const double value : x.numbers) numbers.push_back(f(value));
  return as(type == 0 ? x.type : type, x.shape, numbers);
}

inline Tensor pairs(const Tensor& a, const Tensor& b, const std::function<double(double, double)>& f,
                    int type = 0) {
  require(a.type == b.type, "operands of different types");
  const Shape shape = broadcast(a.shape, b.shape);
  std::vector<double> numbers(static_cast<std::size_t>(Tensor{.shape = shape}.size()));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = f(a.numbers[broadcast_place(a, shape, i)], b.numbers[broadcast_place(b, shape, i)]);
  return as(type == 0 ? a.type : type, shape, numbers);
}

}  // namespace thalweg::test::onnx
