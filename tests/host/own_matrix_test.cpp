// The memory of a training loop on a matrix of the program's own. A program of its own: the peak is that of
// the whole process.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "tests/support/small_models.hpp"

namespace thalweg {
namespace {

/// Bytes of the process by a key of /proc/self/status.
std::int64_t process_bytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(key + ":")) continue;
    std::int64_t kilobytes = 0;
    std::istringstream(line.substr(key.size() + 1)) >> kilobytes;
    return 1024 * kilobytes;
  }
  return 0;
}

TEST(OwnMatrix, IsTrainedOnInNoMoreThanATenthOfItsMemoryBesides) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep memory of their own";
#endif
  constexpr std::int64_t kRows = 1 << 17, kFeatures = 256, kBytes = kRows * kFeatures * 4;
  std::vector<float> x(kRows * kFeatures), y;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 7919 % 1000) / 500 - 1;
  for (std::size_t row = 0; row < kRows; ++row) y.push_back(x[row * kFeatures]);
  const std::int64_t before = process_bytes("VmRSS");
  ASSERT_GE(before, kBytes);

  const Dataset data = test::number_data(kFeatures, std::move(x), std::move(y));
  const Split split = split_rows(data.rows, 0.2, 1);
  Model model(Context(), resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  const EpochBatches batches(split.train, 256, 1, true, false);
  LearnerOptions options;
  options.optimizer.lr = 0.01;
  options.batches = &batches;
  Learner learner(model, data, options);
  while (learner.steps() < batches.batches_per_epoch()) learner.step(batches.at_step(learner.steps()));
  EXPECT_GT(evaluate(model, data, &split.validation)["r2"], 0.9);
  EXPECT_EQ(model.predict(data).rows, kRows);
  EXPECT_LE(process_bytes("VmHWM") - before, kBytes / 10);
}

}  // namespace
}  // namespace thalweg
