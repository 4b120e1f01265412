// Logistic regression on the sparse a9a data (libsvm format), with its test set.
#include <cstdio>
#include <exception>
#include <string>

#include "thalweg/thalweg.hpp"

int main(int argc, char** argv) try {
  const std::string data = argc > 1 ? argv[1] : "data";
  thalweg::Config config;
  config.data.train = data + "/a9a";
  config.data.test = data + "/a9a.t";
  config.model.loss = thalweg::Loss::logistic;
  config.optimizer.name = thalweg::Rule::sgd;
  config.optimizer.lr = 1;
  config.schedule.name = thalweg::ScheduleKind::cosine;
  config.train.epochs = 10;

  const thalweg::TrainReport report = thalweg::train(config);
  std::printf("test log-loss %.4f, AUC %.4f, accuracy %.4f\n", (*report.test)["log_loss"],
              (*report.test)["auc"], (*report.test)["accuracy"]);
  return (*report.test)["auc"] > 0.9 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
