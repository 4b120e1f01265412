// Finds rows whose targets are wrong by the gradients of single samples: a row that the model cannot fit has
// a large one.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <random>
#include <utility>
#include <vector>

#include "thalweg/thalweg.hpp"

static const std::vector<std::int64_t> kWrong{17, 92, 140, 201, 288};

/// The line y = 2 x - 1 with noise; the targets of a few rows are off by 3.
static thalweg::Dataset line_with_mistakes() {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  thalweg::Dataset data;
  data.rows = 300, data.features = 1;
  for (std::int64_t row = 0; row < data.rows; ++row) {
    data.dense_f32.push_back(normal(random));
    data.target.push_back(2 * data.dense_f32.back() - 1 + 0.2f * normal(random));
  }
  for (const std::int64_t row : kWrong) data.target[static_cast<std::size_t>(row)] += 3;
  return data;
}

int main() try {
  const thalweg::Dataset data = line_with_mistakes();
  thalweg::ModelConfig config;
  config.loss = thalweg::Loss::squared;
  thalweg::Model model(thalweg::Context(),
                       thalweg::resolve_model(config, thalweg::schema_of(data), /*seed=*/1));
  thalweg::LearnerOptions options;
  options.optimizer.name = thalweg::Rule::sgd;
  options.optimizer.lr = 0.5;
  options.max_batch = data.rows;
  thalweg::Learner learner(model, data, options);
  const std::vector<std::int64_t> all = thalweg::split_rows(data.rows, 0, 1).train;
  for (int step = 0; step < 50; ++step) learner.step(all);

  std::vector<std::pair<float, std::int64_t>> squares;  // of each row's gradient, block after block
  thalweg::for_each_gradient_block(model, data, nullptr, [&](std::int64_t first, thalweg::ConstMatrix block) {
    for (std::int64_t n = 0; n < block.rows; ++n) {
      float sum = 0;
      for (std::int64_t k = 0; k < block.cols; ++k) sum += block.row(n)[k] * block.row(n)[k];
      squares.emplace_back(sum, first + n);
    }
  });
  std::sort(squares.rbegin(), squares.rend());
  std::vector<std::int64_t> found;
  for (std::size_t i = 0; i < kWrong.size(); ++i) found.push_back(squares[i].second);
  std::sort(found.begin(), found.end());
  for (const std::int64_t row : found) std::printf("row %lld\n", static_cast<long long>(row));
  return found == kWrong ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
