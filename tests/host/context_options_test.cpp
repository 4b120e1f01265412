// What a command's context takes of its config.
#include "host/run/context_options.hpp"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(ContextOptions, CommandsOnAModelTakeDeviceNumericsAndThreadsAsTrainingDoes) {
  Config config;
  config.device = "reference";
  config.numerics = Numerics::fast;
  config.train.threads = 3;
  for (const ContextOptions& options : {context_options(config), context_options(config, "reference")}) {
    EXPECT_EQ(options.device, "reference");
    EXPECT_EQ(options.numerics, Numerics::fast);
    EXPECT_EQ(options.threads, 3);
  }
  EXPECT_EQ(context_options(config, "cpu").device, "cpu") << "verify names its devices itself";
  EXPECT_EQ(context_options(Config{}).numerics, Numerics::exact);
}

}  // namespace
}  // namespace thalweg
