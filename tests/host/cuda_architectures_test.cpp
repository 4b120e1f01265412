#include "host/runtime/cuda_architectures.hpp"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(CudaArchitectures, ObjectCodeRunsOnLaterMinorVersionsOfItsMajorOne) {
  EXPECT_TRUE(has_code_for("75-real,80-real", 8, 0));
  EXPECT_TRUE(has_code_for("75-real,80-real", 8, 9));
  EXPECT_FALSE(has_code_for("75-real,86-real", 8, 0));
  EXPECT_FALSE(has_code_for("75-real,80-real", 9, 0));
}

TEST(CudaArchitectures, PtxRunsOnEverythingLater) {
  EXPECT_TRUE(has_code_for("75-real,90", 12, 0));
  EXPECT_TRUE(has_code_for("80-virtual", 8, 0));
  EXPECT_TRUE(has_code_for("80-virtual", 10, 3));
  EXPECT_FALSE(has_code_for("80-virtual", 7, 5));
  EXPECT_FALSE(has_code_for("120", 10, 0));
}

TEST(CudaArchitectures, SpecificCodeStaysWithItsArchitectureOrFamily) {
  EXPECT_TRUE(has_code_for("90a", 9, 0));
  EXPECT_FALSE(has_code_for("90a", 10, 0));
  EXPECT_TRUE(has_code_for("100f", 10, 3));
  EXPECT_FALSE(has_code_for("100f", 12, 0));
}

TEST(CudaArchitectures, NativeAndAllAreTaken) {
  EXPECT_TRUE(has_code_for("native", 9, 0));
  EXPECT_TRUE(has_code_for("all-major", 7, 5));
  EXPECT_FALSE(has_code_for("", 9, 0));
}

}  // namespace
}  // namespace thalweg
