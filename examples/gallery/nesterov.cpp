// Momentum and Nesterov's momentum on x^2/2: their first step is the same, their second is not.
#include <algorithm>

#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

constexpr double kRate = 0.1, kMomentum = 0.9;

double bowl(const Floats& point, Floats& gradient) {
  gradient[0] = point[0];
  return 0.5 * point[0] * point[0];
}

Walk run(Rule rule) { return walk({.name = rule, .lr = kRate, .momentum = kMomentum}, {1}, 60, bowl); }

/// nesterov keeps the point where it takes the next gradient. The iterate is one push of the velocity behind
/// it. The gradient here is the point itself.
std::vector<double> iterates(const Walk& ahead) {
  std::vector<double> values{ahead.at(0)};
  double velocity = 0;
  for (std::size_t step = 1; step < ahead.points.size(); ++step) {
    velocity = kMomentum * velocity + ahead.at(step - 1);
    values.push_back(ahead.at(step) + kRate * kMomentum * velocity);
  }
  return values;
}

}  // namespace

Page nesterov() {
  const std::vector<double> plain = coordinate(run(Rule::momentum)), ahead = iterates(run(Rule::nesterov));

  Page page{
      .title = "Nesterov differs after two steps",
      .text =
          "Momentum takes the gradient where it stands. Nesterov's takes it where the velocity is about to "
          "carry it. On x^2/2, from 1, with rate 0.1 and momentum 0.9, the first step is the same, "
          "because there is no velocity yet. From the second on, the gradient from ahead brakes: "
          "the swing past the minimum is smaller."};
  Chart steps{.title = "Swings of both", .x = {"step"}, .y = {"x"}};
  add_path(steps, "momentum", 1, by_step(plain));
  add_path(steps, "nesterov", 0, by_step(ahead));
  page.charts = {steps};
  page.numbers = {{"momentum after 1 step", plain[1]},
                  {"nesterov after 1 step", ahead[1]},
                  {"momentum after 2 steps", plain[2]},
                  {"nesterov after 2 steps", ahead[2]},
                  {"lowest point of momentum", *std::min_element(plain.begin(), plain.end())},
                  {"lowest point of nesterov", *std::min_element(ahead.begin(), ahead.end())}};
  return page;
}

}  // namespace thalweg::gallery
