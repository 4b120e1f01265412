// The numbers of the gallery's pages on models, held to values known otherwise: by hand, or by numpy and
// scipy in double.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "examples/gallery/pages.hpp"

namespace thalweg::gallery {
namespace {

using testing::HasSubstr;

TEST(GalleryOfTraining, DescentReachesTheLineOfTheNormalEquations) {
  const Page page = regression();  // numpy.polyfit
  EXPECT_NEAR(page["slope in closed form"], 0.5000909, 1e-6);
  EXPECT_NEAR(page["intercept in closed form"], 3.0000909, 1e-5);
  EXPECT_NEAR(page["sum of squared errors"], 13.76269, 1e-5);
  EXPECT_NEAR(page["slope of sgd after 5,000 steps"], 0.5000909, 2e-5);
  EXPECT_NEAR(page["intercept of sgd after 5,000 steps"], 3.0000909, 2e-4);
  EXPECT_NEAR(page["distance of sgd after 1,000 steps"], 0.332293, 1e-4) << "the same steps in numpy";
  EXPECT_NEAR(page["distance of momentum after 100 steps"], 0.226368, 1e-4);
}

TEST(GalleryOfTraining, TheNetworkFindsTheUnitThatMadeTheData) {
  const Page page = one_unit();
  EXPECT_NEAR(page["weight inside (1.5)"], 1.5, 1e-3);
  EXPECT_NEAR(page["bias inside (-1)"], -1, 1e-3);
  EXPECT_NEAR(page["weight outside (2)"], 2, 1e-3);
  EXPECT_NEAR(page["bias outside (0.5)"], 0.5, 1e-3);
}

TEST(GalleryOfTraining, EachLossHasTheLineThatScipyFinds) {
  const Page page = choice_of_loss();
  EXPECT_NEAR(page["absolute: slope"], 0.5, 1e-3) << "through the nine points";
  EXPECT_NEAR(page["absolute: intercept"], 3, 1e-3);
  EXPECT_NEAR(page["huber: slope"], 0.556452, 1e-4);
  EXPECT_NEAR(page["huber: intercept"], 3.133065, 1e-4);
  EXPECT_NEAR(page["squared: slope"], 0.807576, 1e-4) << "numpy.polyfit";
  EXPECT_NEAR(page["squared: intercept"], 3.725, 1e-4);
  EXPECT_NEAR(page["fourth power: slope"], 0.995688, 1e-4);
  EXPECT_NEAR(page["fourth power: intercept"], 4.313223, 1e-4);
}

TEST(GalleryOfTraining, RawFeaturesNeedThousandsOfTimesTheSteps) {
  const Page page = feature_scaling();  // the same steps in numpy, and numpy.linalg.eigvalsh
  EXPECT_NEAR(page["largest curvature of raw features"], 5470.4267, 1e-3);
  EXPECT_NEAR(page["largest curvature of standardised features"], 1.883096, 1e-5);
  EXPECT_NEAR(page["steps to a loss below 50, raw"], 18030, 10);
  EXPECT_EQ(page["steps to a loss below 50, standardised"], 5);
  EXPECT_NEAR(page["loss after 200 steps, raw"], 151.2277, 1e-2);
  EXPECT_NEAR(page["loss after 200 steps, standardised"], 1.578583, 1e-4);
}

TEST(GalleryOfTraining, EurosBesideYearsDivergeAtOnce) {
  const Page page = bad_scale();
  EXPECT_EQ(page["steps of the raw run"], 3) << "in the fourth the square of a gradient passes 3.4e38";
  EXPECT_NEAR(page["growth of its loss by one step"] / 2.775302e11, 1, 1e-3) << "numpy";
  EXPECT_NEAR(page["R2 with standardised features"], 0.995291, 1e-5) << "numpy.linalg.lstsq";
  EXPECT_THAT(page.says,
              HasSubstr("step 4 diverged: the gradient of the batch that begins with prices row "));
  EXPECT_THAT(page.says, HasSubstr("A smaller optimizer.lr or optimizer.clip_norm may help"));
}

TEST(GalleryOfTraining, AboveARateOfTwoTheLossGrows) {
  const Page page = rate_too_large();
  EXPECT_NEAR(page["loss after 1,000 steps at rate 0.5"], 0.0393996, 1e-5) << "half the mean square of lstsq";
  EXPECT_NEAR(page["factor of the loss by a step at rate 1.9"], 0.817558, 1e-5)
      << "numpy; 0.81 without noise";
  EXPECT_NEAR(page["factor of the loss by a step at rate 2.1"], 1.21, 1e-3) << "(1 - rate)^2";
  // The sum of the 40 losses is 2084 (1 - rate)^(2k) after k steps, and 3.4e38 is the largest float.
  EXPECT_EQ(page["steps at rate 2.1 before the end"], 426);
  EXPECT_EQ(page["steps at rate 3 before the end"], 59);
  EXPECT_THAT(page.says,
              HasSubstr("step 60 diverged: the gradient of the batch that begins with prices row "));
}

TEST(GalleryOfTraining, ATinyRateIsWorseThanTheMean) {
  const Page page = rate_too_small();
  // slope and intercept are 1 - 0.999^100 of those of lstsq
  EXPECT_NEAR(page["R2 at rate 0.001"], -18.8186, 1e-3);
  EXPECT_NEAR(page["R2 at rate 0.1"], 0.981715, 1e-5);
  EXPECT_NEAR(page["R2 with rate and epochs left out"], 0.9817, 1e-3);
  EXPECT_THAT(page.says, HasSubstr("r2 is -18.8 on the test rows: predicting the mean would be better"));
}

TEST(GalleryOfTraining, L2HalvesTheSlopeAndTheBias) {
  const Page page = biased_by_l2();
  EXPECT_NEAR(page["slope without l2"], 2.056851, 1e-5) << "numpy.polyfit";
  EXPECT_NEAR(page["slope with l2 = 1"], 1.028425, 1e-5);
  EXPECT_NEAR(page["R2 without l2"], 0.981715, 1e-5);
  EXPECT_NEAR(page["R2 with l2 = 1"], 0.736286, 1e-5) << "numpy, with half the slope";
  EXPECT_NEAR(page["R2 with l2 = 1, biases too"], -5.064940, 1e-4) << "and half the intercept";
  EXPECT_THAT(page.says, HasSubstr("r2 is -5.06 on the test rows: predicting the mean would be better"));
}

TEST(GalleryOfTraining, ASliceOfALandscapeHasTheLossesOfItsWeights) {
  const Page page = landscape();  // the forward pass of the same weights in numpy
  EXPECT_NEAR(page["loss in the middle, without"], 5.914752e-4, 1e-8);
  EXPECT_NEAR(page["loss in the middle, with batch norm"], 2.430978e-4, 1e-7);
  EXPECT_NEAR(page["loss in the upper right corner, without"], 13.755082, 1e-4);
  EXPECT_NEAR(page["loss in the upper right corner, with batch norm"], 2.619739, 1e-4);
  EXPECT_NEAR(page["largest loss of the slice, without"], 26.404040, 1e-4);
  EXPECT_NEAR(page["largest loss of the slice, with batch norm"], 4.247837, 1e-4);
}

TEST(GalleryOfTraining, TheValidationLossTurnsInTheSeventhEpoch) {
  const Page page = overfitting();  // the same steps on the same rows in numpy
  EXPECT_EQ(page["best epoch"], 7);
  EXPECT_NEAR(page["its validation loss"], 0.257220, 1e-5);
  EXPECT_NEAR(page["validation loss after 1,000 epochs"], 0.861954, 1e-4);
  EXPECT_NEAR(page["training loss after 1,000 epochs"], 0.0249675, 1e-5);
  EXPECT_EQ(page["epochs with a patience of 50"], 57);
  EXPECT_EQ(page.says, "the model is that of step 7, the best on the validation rows");
}

TEST(GalleryOfTraining, AStuckNetworkEndsAtTheEntropyOfTheRowsItCannotTellApart) {
  const Page page = local_minima();
  EXPECT_EQ(page["all right: seeds"], 4);
  EXPECT_NEAR(page["all right: loss of the last one"], 0, 0.005);
  EXPECT_EQ(page["two rows left at 1/2: seeds"], 4);
  EXPECT_NEAR(page["two rows left at 1/2: loss of the last one"], 0.346574, 1e-3) << "ln 2 / 2";
  EXPECT_EQ(page["three rows left at 1/3: seeds"], 9);
  EXPECT_NEAR(page["three rows left at 1/3: loss of the last one"], 0.477386, 1e-3) << "3/4 of 0.636514";
  EXPECT_EQ(page["all rows left at 1/2: seeds"], 3);
  EXPECT_NEAR(page["all rows left at 1/2: loss of the last one"], 0.693147, 1e-3) << "ln 2";
  EXPECT_EQ(page.says, "stopped by gradient");
}

}  // namespace
}  // namespace thalweg::gallery
