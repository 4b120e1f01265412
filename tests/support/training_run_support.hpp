#pragma once
// Runs on a problem whose every step is known: all rows are x = 1, y = 1, the model is w x, and gradient
// descent multiplies the error w - 1, which begins at -1, by 1 - lr in each step.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/support/fault_ops.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg::test {

class TrainingRunTest : public testing::Test {
 protected:
  /// One batch an epoch, unless `rows` is more than four.
  Config config(double lr, int rows = 4) const {
    std::string csv = "x,y\n";
    for (int n = 0; n < rows; ++n) csv += "1,1\n";
    Config c;
    c.device = "cpu";
    c.data.train = folder_.write("rows" + std::to_string(rows) + ".csv", csv);
    c.data.standardize = c.data.standardize_target = Tristate::no;
    c.model.loss = Loss::squared;
    c.model.bias = false;
    c.optimizer.name = Rule::sgd;
    c.optimizer.lr = lr;
    c.train.batch_size = 4;
    c.train.epochs = 4;
    c.train.threads = 1;
    return c;
  }

  /// 32 rows to train on in one batch, a power of two whose mean is exact, and others like them to validate.
  Config validated(double lr) const {
    int rows = 32;
    while (split_rows(rows, 0.25, 1).train.size() < 32) ++rows;
    Config c = config(lr, rows);
    c.data.validation_fraction = 0.25;
    c.train.batch_size = 32;
    return c;
  }

  TrainReport run(Config c, const std::string& name = "") {
    if (!name.empty()) c.out = folder_.path(name);
    observer_.message = [this](const std::string& text) { messages_ += text + "\n"; };
    return train(c, observer_);
  }

  float weight_of(const std::string& name) const {
    const Context ctx({.device = "cpu", .threads = 1});
    return Model::load(ctx, folder_.path(name)).parameters()[0].values[0];
  }

  /// Numbers named `key` in the lines of an epoch's end.
  std::vector<std::string> logged(const std::string& name, const std::string& key) const {
    std::ifstream in(folder_.path(name) + "/metrics.jsonl");
    std::vector<std::string> values;
    for (std::string line; std::getline(in, line);) {
      const std::string mark = "\"" + key + "\":";
      const std::size_t at = line.find(mark);
      if (at == std::string::npos) continue;
      const std::size_t begin = at + mark.size();
      values.push_back(line.substr(begin, line.find_first_of(",}", begin) - begin));
    }
    return values;
  }

  FaultyFiles files_;  // its fsync does not wait for the disk
  TemporaryFolder folder_;
  TrainObserver observer_;
  std::string messages_;
};

}  // namespace thalweg::test
