#include "host/run/constant_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace thalweg {
namespace {

constexpr const char* kTry =
    "try optimizer.lr, train.epochs, train.batch_size and data.standardize_target left out (a rule then "
    "chooses them), or other features";

/// What the shares of the classes alone would reach on these rows.
struct Constant {
  double accuracy = 0, log_loss = 0;
};

Constant constant_of(const Metrics& metrics) {
  std::vector<double> counts;
  for (const std::vector<double>& row : metrics.confusion)
    counts.push_back(std::accumulate(row.begin(), row.end(), 0.0));
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
  Constant constant;
  for (const double count : counts) {
    constant.accuracy = std::max(constant.accuracy, count / all);
    if (count > 0) constant.log_loss -= count / all * std::log(count / all);
  }
  return constant;
}

}  // namespace

std::string worse_than_constant(const Metrics& metrics, const std::string& where) {
  if (metrics.confusion.empty()) {
    if (!(metrics["r2"] < 0)) return {};
    return fmt::format("r2 is {:.3g} on the {} rows: predicting the mean would be better; {}", metrics["r2"],
                       where, kTry);
  }
  const Constant constant = constant_of(metrics);
  // Rows may fall on the wrong side by a little while the probabilities are good.
  const bool unsure = std::isnan(metrics["log_loss"]) || metrics["log_loss"] > constant.log_loss;
  if (!(metrics["accuracy"] < constant.accuracy) || !unsure) return {};
  return fmt::format(
      "accuracy is {:.3g} on the {} rows, where the largest class alone has {:.3g}: predicting it always "
      "would be better; {}",
      metrics["accuracy"], where, constant.accuracy, kTry);
}

}  // namespace thalweg
