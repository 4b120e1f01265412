#pragma once
// Holds the contract of an op to what it allows and to what it refuses, with its words.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "thalweg/error.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg::test {

/// Arrays of a call, far apart from each other. A contract reads none of them.
class Arrays {
 public:
  template <class T = float>
  T* of(std::int64_t size) {
    const std::size_t begin = used_;
    used_ += static_cast<std::size_t>(size) * sizeof(T) / sizeof(std::uint64_t) + kWordsBetween;
    return reinterpret_cast<T*>(memory_.data() + begin);
  }
  Matrix matrix(std::int64_t rows, std::int64_t cols) { return thalweg::matrix(of(rows * cols), rows, cols); }

 private:
  static constexpr std::size_t kWordsBetween = 512;
  std::vector<std::uint64_t> memory_ = std::vector<std::uint64_t>(1 << 15);
  std::size_t used_ = kWordsBetween;
};

/// The start of an operand, to write to: for calls that are at fault.
inline float* over(const float* operand) { return const_cast<float*>(operand); }

/// What the contract says of a call; empty: it holds.
template <class Args>
std::string refusal(const Args& args) {
  try {
    require_contract(args);
  } catch (const InternalError& error) {
    return error.what();
  }
  return "";
}

/// A change that puts a call at fault, and what its contract then says behind the op's name.
template <class Args>
struct Fault {
  std::function<void(Args&)> change;
  std::string words;
};

/// The call `legal` holds its contract, also after each of the `allowed` changes, and each fault is refused.
template <class Args>
void expect_contract(const std::string& op, const Args& legal, const std::vector<Fault<Args>>& faults,
                     const std::vector<std::function<void(Args&)>>& allowed = {}) {
  EXPECT_EQ(refusal(legal), "");
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    Args args = legal;
    allowed[i](args);
    EXPECT_EQ(refusal(args), "") << op << ": change " << i;
  }
  for (const Fault<Args>& fault : faults) {
    Args args = legal;
    fault.change(args);
    EXPECT_EQ(refusal(args), op + ": " + fault.words);
  }
}

}  // namespace thalweg::test
