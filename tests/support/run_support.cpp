#include "tests/support/run_support.hpp"

#include <stdlib.h>

#include <fstream>

#include "tests/support/source_folder.hpp"

namespace thalweg::test {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "thalweg-test-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, const std::string& contents) const {
  std::ofstream(folder_ / name, std::ios::binary) << contents;
  return path(name);
}

std::string data_file(const std::string& name) { return source_folder() + "data/" + name; }

Config dense_linear_config() {
  Config config;
  config.data.train = data_file("california_housing.csv");
  config.data.target = "median_house_value";
  config.data.impute = Imputation::median;
  config.data.train_rows = "0:1500";
  config.data.validation_fraction = 0.1;
  config.data.standardize_target = Tristate::no;
  config.model.loss = Loss::huber;
  config.model.bias_init = BiasInit::zero;
  config.optimizer.name = Rule::momentum;
  config.optimizer.lr = 10;
  config.train.epochs = 20;
  config.train.batch_size = 100;
  return config;
}

Config sparse_linear_config() {
  Config config;
  config.data.train = data_file("a9a");
  config.data.train_rows = "0:1500";
  config.model.loss = Loss::logistic;
  config.model.bias_init = BiasInit::zero;
  config.optimizer.name = Rule::adagrad;
  config.optimizer.lr = 0.1;
  config.optimizer.l2 = 1e-4;
  config.optimizer.lazy = Tristate::yes;
  config.train.epochs = 20;
  config.train.batch_size = 100;
  return config;
}

Config mlp_config(Normalization normalization) {
  Config config;
  config.data.train = data_file("mnist10k-images-idx3-ubyte.gz");
  config.data.target = data_file("mnist10k-labels-idx1-ubyte.gz");
  config.data.train_rows = "0:300";
  config.model.hidden = {40, 24};
  config.model.dropout = 0.25;
  config.model.normalization = normalization;
  config.model.bias_init = BiasInit::zero;
  config.optimizer.name = Rule::adamw;
  config.optimizer.lr = 1e-3;
  config.optimizer.weight_decay = 0.01;
  config.optimizer.clip_norm = 1.0;
  config.train.epochs = 20;
  config.train.batch_size = 64;
  return config;
}

}  // namespace thalweg::test
