#pragma once
// One test body for every backend: which devices there are here, and memory with guard words on both sides.
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/context.hpp"

namespace thalweg::test {

/// Devices that a test of an op runs on: "reference", every cpu variant of this machine, and "cuda" where
/// this build has a CUDA backend and a device (real or executed).
std::vector<std::string> all_devices();
/// The same without the reference: the devices that share every bit in exact mode.
std::vector<std::string> exact_devices();

/// Those of `counts` that can make a difference: the cuda backend has no threads of the host to count.
std::vector<int> thread_counts(const std::string& device, std::vector<int> counts = {1, 2});

/// One context per device and thread count, kept for the life of the test program.
const Context& context_of(const std::string& device, int threads = 2);

/// A valid test name made from a device ("cpu:avx2" -> "cpu_avx2").
std::string test_name(const std::string& device);

/// The sizes that find off-by-one errors at warp, vector and block edges.
inline constexpr std::int64_t kNastySizes[] = {0, 1, 2, 3, 31, 32, 33, 127, 255, 256, 257, 1000};

/// Where an array lies in its allocation.
enum class Place {
  middle,  ///< on 256 bytes, a guard zone on each side
  odd,     ///< one element behind that: not on 16 bytes
  last     ///< in front of a page that is closed, on the host and where kernels are executed on it
};

/// The place of each array of a call, by its number.
using Places = std::function<Place(int)>;
inline Place all_middle(int) { return Place::middle; }
inline Place all_last(int) { return Place::last; }
/// Only array `odd` does not lie on 16 bytes.
inline Places one_odd(int odd) {
  return [odd](int array) { return array == odd ? Place::odd : Place::middle; };
}

/// Memory of the context's backend between guard zones.
class GuardedBytes {
 public:
  /// Elements of `element` bytes, from `values`; null: 0xFF bytes.
  GuardedBytes(const Context& ctx, std::int64_t size, std::int64_t element, const void* values, Place place);
  ~GuardedBytes();
  GuardedBytes(GuardedBytes&&) noexcept;
  unsigned char* data() const;
  std::vector<unsigned char> download() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// An array between guard zones. Outputs start as NaN, so that an element nobody writes is seen; download
/// checks the guards and fails the test when they changed.
template <class T>
class Guarded {
 public:
  Guarded(const Context& ctx, std::int64_t size, Place place = Place::middle)
      : bytes_(ctx, size, sizeof(T), nullptr, place) {}
  Guarded(const Context& ctx, const std::vector<T>& values, Place place = Place::middle)
      : bytes_(ctx, std::ssize(values), sizeof(T), values.data(), place) {}

  T* data() const { return reinterpret_cast<T*>(bytes_.data()); }
  std::vector<T> download() const {
    const std::vector<unsigned char> bytes = bytes_.download();
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

 private:
  GuardedBytes bytes_;
};

/// EXPECTs that `run` takes `bytes` of scratch memory and writes nothing behind them.
void expect_scratch(const std::string& device, std::int64_t bytes,
                    const std::function<void(const Context&)>& run);

/// Reproducible test data: uniform in [low, high).
std::vector<float> random_floats(std::int64_t size, std::uint64_t seed, float low = -1.0f, float high = 1.0f);
/// Small integers in [-bound, bound], whose sums and products are exact in any order.
std::vector<float> random_integers(std::int64_t size, std::uint64_t seed, int bound = 4);

/// gamma_k = k u / (1 - k u) with u = 2^-24: the relative error bound of k rounded operations (Higham 2002,
/// lemma 3.1).
double gamma_bound(std::int64_t operations);

/// EXPECTs |got[i] - want[i]| <= bound[i] for every i; a NaN never passes unless both are.
void expect_within(const std::vector<float>& got, const std::vector<double>& want,
                   const std::vector<double>& bound, const std::string& what);
/// EXPECTs equal bits, naming the first element that differs.
void expect_same_bits(const std::vector<float>& got, const std::vector<float>& want, const std::string& what);

}  // namespace thalweg::test
