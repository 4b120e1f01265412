// Linear regression on the California housing data: median imputation, one-hot text column, a fifth held out.
#include <cstdio>
#include <exception>
#include <string>

#include "thalweg/thalweg.hpp"

int main(int argc, char** argv) try {
  thalweg::Config config;
  config.data.train = std::string(argc > 1 ? argv[1] : "data") + "/california_housing.csv";
  config.data.target = "median_house_value";
  config.data.impute = thalweg::Imputation::median;
  config.data.validation_fraction = 0.2;
  config.data.standardize_target = thalweg::Tristate::yes;  // dollars: the rate must not depend on the unit
  config.model.loss = thalweg::Loss::squared;
  config.optimizer.name = thalweg::Rule::adam;
  config.optimizer.lr = 0.01;
  config.schedule.name = thalweg::ScheduleKind::cosine;
  config.train.epochs = 20;

  const thalweg::TrainReport report = thalweg::train(config);
  std::printf("%lld steps in %.2f s; held-out r2 %.4f, rmse %.0f\n", static_cast<long long>(report.steps),
              report.seconds, (*report.validation)["r2"], (*report.validation)["rmse"]);
  return (*report.validation)["r2"] > 0.6 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
