#include "host/run/numerics_note.hpp"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(NumericsNote, IsNeededOnTheCpuOnlyWhereFastWasAskedFor) {
  EXPECT_EQ(numerics_note(Context({.device = "cpu"})), "");
  EXPECT_EQ(numerics_note(Context({.device = "cpu", .numerics = Numerics::fast})),
            "numerics = fast: on the cpu fast means exact, and the bits are those of numerics = exact");
  EXPECT_EQ(numerics_note(Context({.device = "reference", .numerics = Numerics::fast})), "");
  EXPECT_EQ(numerics_note(Context({.device = "reference"})), "");
}

}  // namespace
}  // namespace thalweg
