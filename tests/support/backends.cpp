#include "tests/support/backends.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <new>
#include <optional>
#include <random>

#include "host/runtime/backends.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/memory.hpp"

namespace thalweg::test {
namespace {

constexpr std::int64_t kGuardBytes = 256;
constexpr unsigned char kGuard = 0xA5;

/// Bytes in front of an array. Device memory is handed out in multiples of kGuardBytes.
std::int64_t bytes_before(Place place, std::int64_t payload, std::int64_t element) {
  if (place == Place::odd) return kGuardBytes + element;
  if (place == Place::middle) return kGuardBytes;
  return kGuardBytes + (kGuardBytes - payload % kGuardBytes) % kGuardBytes;
}

std::int64_t bytes_behind(Place place) { return place == Place::last ? 0 : kGuardBytes; }

bool intact(unsigned char byte) { return byte == kGuard; }

/// Memory of the host that ends where a page begins that nobody may touch.
class ClosedEnd {
 public:
  explicit ClosedEnd(std::int64_t bytes)
      : size_(static_cast<std::size_t>(bytes)), open_((size_ + kPage - 1) / kPage * kPage) {
    void* memory = mmap(nullptr, open_ + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<unsigned char*>(memory);
    mprotect(memory_ + open_, kPage, PROT_NONE);
  }
  ~ClosedEnd() { munmap(memory_, open_ + kPage); }
  ClosedEnd(const ClosedEnd&) = delete;
  ClosedEnd& operator=(const ClosedEnd&) = delete;

  unsigned char* begin() const { return memory_ + (open_ - size_); }

 private:
  static constexpr std::size_t kPage = 4096;
  std::size_t size_, open_;
  unsigned char* memory_;
};

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

struct GuardedBytes::State {
  const Context& ctx;
  std::int64_t payload, before;
  Buffer<unsigned char> bytes;
  std::optional<ClosedEnd> closed;

  State(const Context& c, std::int64_t size, std::int64_t element, Place place)
      : ctx(c), payload(size * element), before(bytes_before(place, payload, element)) {
    const std::int64_t total = before + payload + bytes_behind(place);
    if (place == Place::last && device_of(ctx).stream == nullptr) {
      closed.emplace(total);
    } else {
      bytes = Buffer<unsigned char>(c, total);
    }
  }

  unsigned char* begin() const { return closed ? closed->begin() : bytes.data(); }

  void fill(const void* values) {
    const std::int64_t behind = closed ? 0 : bytes.size() - before - payload;
    std::vector<unsigned char> image(static_cast<std::size_t>(before + payload + behind), kGuard);
    if (values != nullptr && payload > 0) {
      std::memcpy(image.data() + before, values, static_cast<std::size_t>(payload));
    } else {
      std::memset(image.data() + before, 0xFF, static_cast<std::size_t>(payload));
    }
    backend_of(ctx).memory.upload(device_of(ctx), begin(), image.data(), std::ssize(image));
  }

  std::vector<unsigned char> image() const {
    if (!closed) return bytes.download(ctx);
    return {closed->begin(), closed->begin() + before + payload};
  }
};

GuardedBytes::GuardedBytes(const Context& ctx, std::int64_t size, std::int64_t element, const void* values,
                           Place place)
    : state_(std::make_unique<State>(ctx, size, element, place)) {
  state_->fill(values);
}

GuardedBytes::~GuardedBytes() = default;
GuardedBytes::GuardedBytes(GuardedBytes&&) noexcept = default;

unsigned char* GuardedBytes::data() const { return state_->begin() + state_->before; }

std::vector<unsigned char> GuardedBytes::download() const {
  const std::vector<unsigned char> image = state_->image();
  const auto begin = image.begin() + state_->before, end = begin + state_->payload;
  EXPECT_TRUE(std::all_of(image.begin(), begin, intact)) << "written before the array";
  EXPECT_TRUE(std::all_of(end, image.end(), intact)) << "written past the array";
  return {begin, end};
}

void expect_scratch(const std::string& device, std::int64_t bytes,
                    const std::function<void(const Context&)>& run) {
  const ContextOptions options{.device = device, .threads = 2};
  const Context exact(options);
  for (int runs = 0; runs < 2; ++runs) run(exact);  // the pieces of the first have become one chunk
  const Scratch& scratch = device_of(exact).scratch;
  const std::int64_t generation = scratch.generation();
  Scratch::Frame(device_of(exact)).take_bytes(bytes);
  EXPECT_EQ(scratch.generation(), generation) << device << " took less than " << bytes << " bytes";
  Scratch::Frame(device_of(exact)).take_bytes(bytes + 1);
  EXPECT_GT(scratch.generation(), generation) << device << " took more than " << bytes << " bytes";

  const Context wide(options);
  std::vector<unsigned char> image(static_cast<std::size_t>(bytes + 4096), kGuard);
  void* const room = Scratch::Frame(device_of(wide)).take_bytes(std::ssize(image));
  backend_of(wide).memory.upload(device_of(wide), room, image.data(), std::ssize(image));
  run(wide);
  backend_of(wide).memory.download(device_of(wide), image.data(), room, std::ssize(image));
  EXPECT_TRUE(std::all_of(image.begin() + bytes, image.end(), intact)) << device << " wrote past its scratch";
}

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
