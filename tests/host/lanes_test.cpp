// Lanes: who has which, and what the child of a fork has.
#include "host/runtime/lane.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>

#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/memory.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"
#include "tests/support/threads.hpp"

namespace thalweg {
namespace {

TEST(Lane, ACallerAloneAlwaysHasTheFirstOneWithAllThreads) {
  const Context ctx({.device = "cpu", .threads = 3});
  const Device* const first = &device_of(ctx);
  for (int call = 0; call < 3; ++call) {
    const Lane lane(ctx);
    EXPECT_EQ(&device_of(ctx), first);
    EXPECT_EQ(device_of(ctx).pool.threads(), 3);
  }
}

TEST(Lane, CallsInsideACallShareItsLane) {
  const Context ctx({.device = "cpu", .threads = 2}), other({.device = "cpu", .threads = 2});
  const Lane outer(ctx);
  const Device* const device = &device_of(ctx);
  const Lane of_another_context(other);
  {
    const Lane inner(ctx);
    EXPECT_EQ(&device_of(ctx), device);
    EXPECT_NE(&device_of(other), device);
  }
  std::thread([&] {
    const Lane lane(ctx);
    EXPECT_NE(&device_of(ctx), device) << "the inner call must not give back the outer one's";
  }).join();
}

TEST(Lane, ThreadsHaveTheirOwnOfOneThreadEachAndThoseStay) {
  const Context ctx({.device = "cpu", .threads = 2});
  const Lane mine(ctx);
  std::vector<const Device*> seen;
  for (int call = 0; call < 2; ++call) {
    std::thread([&] {
      const Lane second(ctx);
      seen.push_back(&device_of(ctx));
      EXPECT_EQ(device_of(ctx).pool.threads(), 1);
      std::thread([&] {
        const Lane third(ctx);
        seen.push_back(&device_of(ctx));
      }).join();
    }).join();
  }
  EXPECT_EQ(seen[0], seen[2]);
  EXPECT_EQ(seen[1], seen[3]);
  EXPECT_NE(seen[0], seen[1]);
  EXPECT_NE(seen[0], &device_of(ctx));
}

/// Allocations that were not given back.
int held = 0;
void* allocate(std::int64_t bytes) {
  ++held;
  return std::aligned_alloc(256, static_cast<std::size_t>((bytes + 255) / 256 * 256));
}
void release(void* memory) {
  --held;
  std::free(memory);
}

TEST(Lane, TheMemoryOfAllEndsWithTheContext) {
  MemoryOps memory = host_memory;
  memory.allocate = &allocate, memory.release = &release;
  {
    Lanes lanes(memory, 1);
    for (int lane = 0; lane < 3; ++lane) Scratch::Frame(lanes.take()).take_bytes(1);
    EXPECT_EQ(held, 3);
  }
  EXPECT_EQ(held, 0);
}

TEST(Lane, CallsOnAGpuTakeTurns) {
  if (std::string reason; !cuda_usable(reason)) GTEST_SKIP() << reason;
  const Context ctx({.device = "cuda"});
  std::atomic<bool> began{false}, over{false};
  std::optional<Lane> mine(ctx);
  std::thread other([&] {
    began = true;
    const Lane lane(ctx);
    EXPECT_TRUE(over);
  });
  while (!began) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  over = true;
  mine.reset();
  other.join();
}

/// The executor has a second GPU if it is asked for one.
TEST(Lane, ACallSelectsTheGpuOfItsContextOnItsThread) {
  ::setenv("THALWEG_SIMT_DEVICES", "2", 1);
  if (cuda_devices().size() < 2) GTEST_SKIP() << "less than two CUDA devices";
  const Dataset data = test::number_data(1, {1, 2, 4}, {0, 3, 6});
  const Context first({.device = "cuda:0"}), second({.device = "cuda:1"});
  const ModelConfig config{.loss = Loss::squared, .bias = false};
  Model one = test::model_with(first, config, data, {{1}}),
        two = test::model_with(second, config, data, {{2}});
  const auto expect_both = [&] {
    EXPECT_EQ(one.predict(data).values, (std::vector<float>{1, 2, 4}));
    EXPECT_EQ(two.predict(data).values, (std::vector<float>{2, 4, 8}));
  };
  expect_both();
  std::thread(expect_both).join();
  Learner learner(one, data, {.optimizer = {.name = Rule::sgd}});
  std::vector<float> point{3};
  minimize(second, {.name = Rule::sgd, .lr = 1}, point, 1, 0, [](const auto& at, auto& gradient) {
    gradient[0] = at[0];
    return 0.5 * at[0] * at[0];
  });
  EXPECT_EQ(point[0], 0);
  EXPECT_EQ(per_sample_gradients(one, data, {1}), (std::vector<float>{-2}));  // residual -1 at x = 2
  learner.step({0}, 0.5, [&](const ObjectiveCall& call) {
    two.predict(data);  // and the step goes on where it was
    call.losses[0] = 0, call.grad_output.row(0)[0] = 1;
  });
  EXPECT_EQ(one.predict(data).values, (std::vector<float>{0.5f, 1, 2}));
  ::unsetenv("THALWEG_SIMT_DEVICES");
}

/// Whether the child of a fork ends well: what it does returns true.
bool child_can(const std::function<bool()>& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    ::_exit(act() ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

Model made(const Context& ctx, const ModelConfig& config, const Dataset& data) {
  return Model(ctx, resolve_model(config, schema_of(data), 1));
}

class Fork : public testing::Test {
 protected:
  const Dataset data = test::number_data(50, test::random_floats(50 * 2500, 1), test::random_floats(2500, 2));
  std::optional<Context> ctx{ContextOptions{.device = "cpu", .threads = 3}};
  std::optional<Model> model{made(*ctx, {.hidden = {64}}, data)};
  const std::vector<float> before = model->predict(data).values;
};

TEST_F(Fork, AChildUsesWhatTheParentMadeWithItsOwnThreadAlone) {
  EXPECT_TRUE(child_can([&] {
    Learner learner(*model, data, {});
    const bool same = model->predict(data).values == before;
    learner.step(std::vector<std::int64_t>{0, 1, 2});
    return same && learner.steps() == 1;
  }));
}

TEST_F(Fork, AChildMayDestroyWhatTheParentMade) {
  EXPECT_TRUE(child_can([&] {
    model.reset(), ctx.reset();
    return true;
  }));
}

TEST_F(Fork, AChildWorksThoughAnotherThreadOfTheParentWasInACall) {
  std::atomic<bool> inside{false}, over{false};
  std::thread other([&] {
    const Lane lane(*ctx);
    inside = true;
    while (!over) std::this_thread::yield();
  });
  while (!inside) std::this_thread::yield();
  EXPECT_TRUE(child_can([&] { return model->predict(data).values == before; }));
  over = true;
  other.join();
}

TEST_F(Fork, AChildIsRefusedTheGpuOfTheParent) {
  if (std::string reason; !cuda_usable(reason)) GTEST_SKIP() << reason;
  const Context gpu({.device = "cuda"});
  const Model there = made(gpu, {}, data);
  EXPECT_TRUE(child_can([&] {
    return test::refusal_of([&] { there.predict(data); }) ==
           "a GPU belongs to the process that made the context, not to a child that it forked";
  }));
}

}  // namespace
}  // namespace thalweg
