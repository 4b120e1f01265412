#include "tests/support/backends.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <random>

#include "host/runtime/backends.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/memory.hpp"

namespace thalweg::test {
namespace {

constexpr std::int64_t kGuardBytes = 256;
constexpr unsigned char kGuard = 0xA5;

}  // namespace

std::vector<std::string> exact_devices() {
  std::vector<std::string> devices = cpu_variants();
  if (std::string reason; cuda_usable(reason)) devices.push_back("cuda");
  return devices;
}

std::vector<std::string> all_devices() {
  std::vector<std::string> devices = exact_devices();
  devices.push_back("reference");
  return devices;
}

std::vector<int> thread_counts(const std::string& device, std::vector<int> counts) {
  if (device == "cuda") counts.resize(1);
  return counts;
}

const Context& context_of(const std::string& device, int threads) {
  static std::map<std::pair<std::string, int>, std::unique_ptr<Context>> contexts;
  auto& context = contexts[{device, threads}];
  if (!context) context = std::make_unique<Context>(ContextOptions{.device = device, .threads = threads});
  return *context;
}

std::string test_name(const std::string& device) {
  std::string name = device;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

template <class T>
struct Guarded<T>::State {
  const Context& ctx;
  std::int64_t size;
  Buffer<unsigned char> bytes;

  State(const Context& c, std::int64_t n)
      : ctx(c), size(n), bytes(c, n * std::int64_t{sizeof(T)} + 2 * kGuardBytes) {}

  void fill(const T* values) {
    std::vector<unsigned char> image(static_cast<std::size_t>(bytes.size()), kGuard);
    const auto payload = static_cast<std::size_t>(size) * sizeof(T);
    if (values != nullptr && payload > 0) {
      std::memcpy(image.data() + kGuardBytes, values, payload);
    } else {
      std::memset(image.data() + kGuardBytes, 0xFF, payload);
    }
    bytes.upload(ctx, image.data(), bytes.size());
  }
};

template <class T>
Guarded<T>::Guarded(const Context& ctx, std::int64_t size) : state_(std::make_unique<State>(ctx, size)) {
  state_->fill(nullptr);
}

template <class T>
Guarded<T>::Guarded(const Context& ctx, const std::vector<T>& values)
    : state_(std::make_unique<State>(ctx, static_cast<std::int64_t>(values.size()))) {
  state_->fill(values.data());
}

template <class T>
Guarded<T>::~Guarded() = default;
template <class T>
Guarded<T>::Guarded(Guarded&&) noexcept = default;

template <class T>
T* Guarded<T>::data() const {
  return reinterpret_cast<T*>(state_->bytes.data() + kGuardBytes);
}

template <class T>
std::vector<T> Guarded<T>::download() const {
  const std::vector<unsigned char> image = state_->bytes.download(state_->ctx);
  const auto payload = static_cast<std::ptrdiff_t>(state_->size) * std::ptrdiff_t{sizeof(T)};
  const auto intact = [](unsigned char byte) { return byte == kGuard; };
  EXPECT_TRUE(std::all_of(image.begin(), image.begin() + kGuardBytes, intact)) << "written before the array";
  EXPECT_TRUE(std::all_of(image.begin() + kGuardBytes + payload, image.end(), intact))
      << "written past the array";
  std::vector<T> values(static_cast<std::size_t>(state_->size));
  if (payload > 0) std::memcpy(values.data(), image.data() + kGuardBytes, static_cast<std::size_t>(payload));
  return values;
}

template class Guarded<float>;
template class Guarded<double>;
template class Guarded<std::int32_t>;
template class Guarded<std::int64_t>;
template class Guarded<std::uint64_t>;
template class Guarded<std::uint8_t>;
template class Guarded<BurstState>;
template class Guarded<StepRecord>;

std::vector<float> random_floats(std::int64_t size, std::uint64_t seed, float low, float high) {
  std::mt19937_64 engine(seed);
  std::vector<float> values(static_cast<std::size_t>(size));
  for (float& v : values) v = low + (high - low) * static_cast<float>(engine() >> 40) * 0x1p-24f;
  return values;
}

std::vector<float> random_integers(std::int64_t size, std::uint64_t seed, int bound) {
  std::mt19937_64 engine(seed);
  std::vector<float> values(static_cast<std::size_t>(size));
  for (float& v : values) v = static_cast<float>(static_cast<int>(engine() % (2u * bound + 1u)) - bound);
  return values;
}

double gamma_bound(std::int64_t operations) {
  const double ku = static_cast<double>(operations) * 0x1p-24;
  return ku / (1.0 - ku);
}

void expect_within(const std::vector<float>& got, const std::vector<double>& want,
                   const std::vector<double>& bound, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  ASSERT_EQ(got.size(), bound.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(got[i]) && std::isnan(want[i])) continue;
    ASSERT_LE(std::abs(got[i] - want[i]), bound[i])
        << what << ", element " << i << ": got " << got[i] << ", want " << want[i];
  }
}

void expect_same_bits(const std::vector<float>& got, const std::vector<float>& want,
                      const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got[i]), std::bit_cast<std::uint32_t>(want[i]))
        << what << ", element " << i << ": got " << got[i] << ", want " << want[i];
  }
}

}  // namespace thalweg::test
