// Learns from a stream: each part of the data replaces the one before, so that memory holds one part.
#include <cmath>
#include <cstdio>
#include <exception>
#include <random>
#include <vector>

#include "thalweg/thalweg.hpp"

static constexpr std::int64_t kRows = 500, kFeatures = 4;
static constexpr float kSlopes[kFeatures] = {1, -2, 0.5f, 3};

/// Fills the data set with the next rows of the stream.
static void read_part(std::mt19937& random, thalweg::Dataset& data) {
  std::normal_distribution<float> normal;
  data.dense_f32.clear();
  data.target.clear();
  for (std::int64_t row = 0; row < kRows; ++row) {
    float y = 0.1f * normal(random);
    for (const float slope : kSlopes) {
      data.dense_f32.push_back(normal(random));
      y += slope * data.dense_f32.back();
    }
    data.target.push_back(y);
  }
}

int main() try {
  std::mt19937 random(1);
  thalweg::Dataset data;
  data.rows = kRows, data.features = kFeatures;
  read_part(random, data);
  thalweg::ModelConfig config;
  config.loss = thalweg::Loss::squared;
  thalweg::Model model(thalweg::Context(),
                       thalweg::resolve_model(config, thalweg::schema_of(data), /*seed=*/1));
  thalweg::LearnerOptions options;
  options.optimizer.name = thalweg::Rule::sgd;
  options.optimizer.lr = 0.1;
  thalweg::Learner learner(model, data, options);

  const std::vector<std::int64_t> all = thalweg::split_rows(kRows, 0, 1).train;
  double rmse = 0;
  for (int part = 0; part < 20; ++part) {
    if (part > 0) {
      read_part(random, data);
      learner.set_data(data);  // after each change of the vectors
    }
    rmse = learner.evaluate(all)["rmse"];  // on rows that it has not seen yet
    for (std::int64_t row = 0; row < kRows; row += 100)
      learner.step({all.begin() + row, all.begin() + row + 100});
  }
  std::printf("%lld steps; rmse of the last part before it is learnt %.4f, first slope %.3f\n",
              static_cast<long long>(learner.steps()), rmse, model.parameters()[0].values[0]);
  return learner.steps() == 100 && rmse > 0.09 && rmse < 0.12 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
