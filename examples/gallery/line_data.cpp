#include "examples/gallery/line_data.hpp"

#include <cmath>

namespace thalweg::gallery {

Dataset nearly_a_line() {
  const double deviation = std::sqrt((40.0 * 40.0 - 1) / 12);  // of 40 consecutive numbers
  Floats x, y;
  for (int k = 0; k < 40; ++k) {
    x.push_back(static_cast<float>((k - 19.5) / deviation));
    y.push_back(2 * x.back() + 10 + static_cast<float>(k * 17 % 8) / 8 - 0.4375f);
  }
  return rows_of(1, x, y);
}

Config plain_descent(double rate, std::int64_t epochs) {
  Config config;
  config.data.standardize_target = Tristate::no;
  config.model.loss = Loss::squared;
  config.model.bias_init = BiasInit::zero;
  config.optimizer.name = Rule::sgd;
  config.optimizer.lr = rate;
  config.train.epochs = epochs;
  return config;
}

}  // namespace thalweg::gallery
