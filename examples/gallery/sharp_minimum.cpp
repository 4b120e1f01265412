// Noise in the gradient leaves a sharp minimum and stays in a wide one. 400 points walk at once: minimize
// sees one function of 400 variables that is a sum over them.
#include <algorithm>
#include <random>

#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

constexpr std::size_t kPoints = 400;
constexpr double kSharp = 0.3, kWide = 1.2;  // half widths of the wells at -1 and 1
constexpr double kNoise = 14;

/// A well of depth 1: (1 - u^2)^2 out to |u| = 1.
double well(double u) {
  const double inside = std::max(0.0, 1 - u * u);
  return inside * inside;
}
double well_slope(double u) { return -4 * u * std::max(0.0, 1 - u * u); }

double value(double x) { return 0.15 * x * x - well((x + 1) / kSharp) - well((x - 1) / kWide); }
double slope(double x) {
  return 0.3 * x - well_slope((x + 1) / kSharp) / kSharp - well_slope((x - 1) / kWide) / kWide;
}

/// The sum over all points, with uniform noise on each slope.
Function with_noise(double noise, std::mt19937& random) {
  return [noise, &random](const Floats& x, Floats& gradient) {
    double sum = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const double draw = static_cast<double>(random()) / 0x1p31 - 1;  // -1 to 1
      gradient[k] = static_cast<float>(slope(x[k]) + noise * draw);
      sum += value(x[k]);
    }
    return sum;
  };
}

double share_on_the_right(const Floats& points) {
  double count = 0;
  for (const float x : points) count += x > 0;
  return count / static_cast<double>(points.size());
}

Series histogram(const Floats& values, Interval over) {
  constexpr int kBins = 60;
  const double width = (over.high - over.low) / kBins;
  Series series{Mark::columns, "", 0};
  for (int k = 0; k < kBins; ++k) {
    const double from = over.low + k * width;
    const auto inside = [&](float x) { return x >= from && x < from + width; };
    series.points.push_back({.x = from,
                             .y = static_cast<double>(std::count_if(values.begin(), values.end(), inside)),
                             .x2 = from + width});
  }
  return series;
}

}  // namespace

Page sharp_minimum() {
  std::mt19937 random(1);
  const OptimizerConfig sgd{.name = Rule::sgd, .lr = 0.015};
  const Floats start(kPoints, -1);
  const Walk quiet = walk(sgd, start, 1000, with_noise(0, random));
  const Walk noisy = walk(sgd, start, 1000, with_noise(kNoise, random));
  const Walk settled = walk(sgd, noisy.points.back(), 1000, with_noise(0, random));

  Page page{
      .title = "Noise leaves a sharp minimum",
      .text =
          "Two wells are equally deep: the one at -1 is narrow, the one at 1 is wide. 400 points start in "
          "the narrow one. "
          "Without noise they stay. Noise in the gradient, as small batches have it, throws them out of "
          "the narrow well sooner than out of the wide one. After 1,000 noisy steps and 1,000 quiet ones "
          "most have settled in the wide well."};
  Chart wells{.title = "The two wells", .x = {"x"}, .y = {"value"}};
  wells.series = {graph("", 7, value, {-2, 3})};
  Chart crowd{.title = "Points after 1,000 noisy steps", .x = {"x"}, .y = {"points"}};
  crowd.series = {histogram(noisy.points.back(), {-3, 3})};
  Chart share{.title = "Points right of 0, under noise",
              .x = {"step"},
              .y = {"share", ScaleKind::linear, Interval{0, 1}}};
  std::vector<double> shares;
  for (const Floats& points : noisy.points) shares.push_back(share_on_the_right(points));
  share.series = {{Mark::line, "", 0, by_step(shares)}};
  page.charts = {wells, crowd, share};
  const Floats& last = settled.points.back();
  page.numbers = {{"share in the wide well, without noise", share_on_the_right(quiet.points.back())},
                  {"share in the wide well, after noise", share_on_the_right(last)},
                  {"narrow minimum", *std::min_element(last.begin(), last.end())},
                  {"wide minimum", *std::max_element(last.begin(), last.end())}};
  return page;
}

}  // namespace thalweg::gallery
