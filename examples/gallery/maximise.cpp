// Maximising g is minimising -g: the likeliest chance of a coin that showed heads 7 times out of 10.
#include <cmath>

#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

constexpr double kHeads = 7, kTails = 3;

double chance(double logit) { return 1 / (1 + std::exp(-logit)); }

double log_likelihood(double logit) {
  return kHeads * std::log(chance(logit)) + kTails * std::log(1 - chance(logit));
}

double negative(const Floats& logit, Floats& gradient) {
  gradient[0] = static_cast<float>((kHeads + kTails) * chance(logit[0]) - kHeads);
  return -log_likelihood(logit[0]);
}

}  // namespace

Page maximise() {
  const Walk up = walk({.name = Rule::sgd, .lr = 0.2}, {-2}, 200, negative, 1e-5);

  Page page{
      .title = "Maximise g by minimising -g",
      .text =
          "A coin shows heads 7 times out of 10. Which chance of heads makes that likeliest? `minimize` "
          "goes down on the negative of the log-likelihood, so its point climbs the log-likelihood "
          "itself. The answer is the share of heads, 0.7, whose logit is ln(7/3)."};
  Chart hill{.title = "Log-likelihood, climbed", .x = {"logit of the chance"}, .y = {"log-likelihood"}};
  hill.series = {graph("g", 0, log_likelihood, {-3, 4})};
  hill.series.push_back(dots("sgd on -g", 1, on_graph(up, log_likelihood)));
  page.charts = {hill};
  page.numbers = {{"logit", up.end()},
                  {"chance of heads", chance(up.end())},
                  {"log-likelihood", log_likelihood(up.end())},
                  {"least value of -g", up.values.back()}};
  return page;
}

}  // namespace thalweg::gallery
