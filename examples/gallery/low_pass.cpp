// Momentum is a low-pass filter of the gradients: slow parts add up, quick parts cancel. The gain is measured
// on gradients that oscillate.
#include <cmath>
#include <complex>

#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kFrequencies = 16;  // up to pi, which is a change of sign at each step
constexpr double kRate = 1.0 / 1024;

/// How much the update is larger than the gradient, once it has swung in.
double measured_gain(double momentum, int frequency) {
  constexpr int kSwingIn = 160, kMeasured = 320;  // whole periods of every frequency
  int step = 0;
  const auto oscillating = [&](const Floats&, Floats& gradient) {
    gradient[0] = static_cast<float>(std::cos(kPi * frequency * step++ / kFrequencies));
    return 0.0;
  };
  const Walk path = walk({.name = Rule::momentum, .lr = kRate, .momentum = momentum}, {0},
                         kSwingIn + kMeasured, oscillating);
  double squares = 0, gradient_squares = 0;
  for (std::size_t k = kSwingIn; k < kSwingIn + kMeasured; ++k) {
    squares += std::pow((path.at(k + 1) - path.at(k)) / kRate, 2);
    gradient_squares += std::pow(std::cos(kPi * frequency * static_cast<double>(k) / kFrequencies), 2);
  }
  return std::sqrt(squares / gradient_squares);
}

/// Of the recursion v = momentum * v + gradient.
double gain(double momentum, double angle) { return 1 / std::abs(1.0 - std::polar(momentum, -angle)); }

}  // namespace

Page low_pass() {
  Page page{
      .title = "Momentum is a low-pass filter",
      .text =
          "The velocity v = b v + g is a filter of the gradients. A gradient that stays adds up to 1/(1-b) "
          "times itself. One that changes its sign at each step is damped to 1/(1+b). Between them the "
          "gain is 1/|1 - b exp(-iw)|, the lines of the plot. The dots are measured: the engine's "
          "`momentum` gets gradients cos(wt), and its updates are compared with them."};
  Chart response{.title = "Gain by frequency", .x = {"frequency w, 0 to pi"}, .y = {"gain", ScaleKind::log}};
  std::size_t colour = 0;
  for (const double momentum : {0.9, 0.5}) {
    const std::string name = momentum == 0.9 ? "momentum 0.9" : "momentum 0.5";
    response.series.push_back(
        graph("", colour, [&](double angle) { return gain(momentum, angle); }, {0, kPi}));
    std::vector<ChartPoint> measured;
    for (int k = 0; k <= kFrequencies; ++k)
      measured.push_back({kPi * k / kFrequencies, measured_gain(momentum, k)});
    response.series.push_back(dots(name, colour++, measured));
  }
  page.charts = {response};
  page.numbers = {{"momentum 0.9, a gradient that stays", measured_gain(0.9, 0)},
                  {"momentum 0.9, a period of 4 steps", measured_gain(0.9, kFrequencies / 2)},
                  {"momentum 0.9, a sign that changes", measured_gain(0.9, kFrequencies)},
                  {"momentum 0.5, a gradient that stays", measured_gain(0.5, 0)},
                  {"momentum 0.5, a sign that changes", measured_gain(0.5, kFrequencies)}};
  return page;
}

}  // namespace thalweg::gallery
