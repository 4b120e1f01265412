// The sparse linear layer's scratch memory on the cpu: as much as it writes.
#include "host/runtime/backends.hpp"
#include "host/runtime/device_of.hpp"
#include "tests/kernels/sparse_linear_test_problem.hpp"
#include "tests/support/allocation_guards.hpp"

namespace thalweg::test {
namespace {

class SparseLinearScratch : public testing::TestWithParam<std::string> {
 protected:
  /// Scratch memory only grows, so each call has a context, and with it scratch memory, of its own.
  template <class Call>
  void expect_room(const Problem& p, const Call& call) const {
    const Context first({.device = GetParam(), .threads = 1});
    const OnDevice device(first, p);
    device.index();
    for (const int threads : {1, 2, 5}) {
      EXPECT_TRUE(keeps_to_its_memory([&] {
        call(Context({.device = GetParam(), .threads = threads}), device);
      })) << p.rows()
          << " rows, " << p.cols << " features, " << threads << " threads";
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Devices, SparseLinearScratch, testing::ValuesIn(cpu_variants()),
                         [](const auto& info) { return test_name(info.param); });

/// A bitmap for all threads, one for each of many threads, and few entries that are sorted.
std::vector<Problem> problems() {
  return {make_problem({1, 1, 1, 1}), make_problem({40, 4096, 1, 20}), make_problem({400, 9000, 3, 60}),
          make_problem({12, 2'000'000, 1, 10})};
}

TEST_P(SparseLinearScratch, HasRoomForTheIndex) {
  for (const Problem& p : problems()) {
    expect_room(p, [&p](const Context& ctx, const OnDevice& device) {
      device.ops().index(device_of(ctx), {.input = device.input(0, p.rows()), .touched = device.touched()});
    });
  }
}

TEST_P(SparseLinearScratch, HasRoomForTheChainsOfTheGradient) {
  for (const Problem& p : problems()) {
    for (const int slices : {1, 8, 64}) {
      expect_room(p, [&p, slices](const Context& ctx, const OnDevice& device) {
        const Guarded<float> weight(ctx, p.outputs * p.cols), bias(ctx, p.outputs);
        device.ops().parameter_grad(device_of(ctx), {.input = device.input(0, p.rows()),
                                                     .touched = device.touched(),
                                                     .grad_output = matrix<const float>(
                                                         device.grad_output.data(), p.rows(), p.outputs),
                                                     .slices = whole_batch(p.rows(), slices),
                                                     .grad_weight = {.sum = weight.data()},
                                                     .grad_bias = {.sum = bias.data()}});
      });
    }
  }
}

}  // namespace
}  // namespace thalweg::test
