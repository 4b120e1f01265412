// Ranks documents by an objective of the program's own: RankNet, the logistic loss of the pairs of a query
// (Burges et al. 2005). A batch is a query, and a call has the batch as a whole.
#include <cmath>
#include <cstdio>
#include <exception>
#include <numeric>
#include <random>
#include <vector>

#include "thalweg/thalweg.hpp"

static constexpr std::int64_t kQueries = 100, kDocuments = 8;

static void rank_net(const thalweg::Dataset& data, const thalweg::ObjectiveCall& call) {
  const auto target = [&](std::int64_t n) { return data.target[static_cast<std::size_t>(call.rows[n])]; };
  for (std::int64_t n = 0; n < call.output.rows; ++n) call.losses[n] = call.grad_output.row(n)[0] = 0;
  for (std::int64_t n = 0; n < call.output.rows; ++n) {
    for (std::int64_t m = 0; m < call.output.rows; ++m) {
      if (target(n) <= target(m)) continue;  // n should be before m
      const float lead = call.output.row(n)[0] - call.output.row(m)[0];
      call.losses[n] += std::log1p(std::exp(-lead));
      call.grad_output.row(n)[0] -= call.scale / (1 + std::exp(lead));
      call.grad_output.row(m)[0] += call.scale / (1 + std::exp(lead));
    }
  }
}

int main() try {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  thalweg::Dataset
      data;  // relevance is x0 - x1 and a part of the query's own, which says nothing on the order
  data.rows = kQueries * kDocuments;
  data.features = 2;
  for (std::int64_t row = 0; row < data.rows; ++row) {
    const float x0 = normal(random), x1 = normal(random);
    data.dense_f32.insert(data.dense_f32.end(), {x0, x1});
    data.target.push_back(x0 - x1 + 10 * static_cast<float>(row / kDocuments % 7));
  }
  thalweg::ModelConfig config;
  config.loss = thalweg::Loss::squared;  // the objective takes its place
  thalweg::Model model(thalweg::Context(),
                       thalweg::resolve_model(config, thalweg::schema_of(data), /*seed=*/1));
  const auto objective = [&](const thalweg::ObjectiveCall& call) { rank_net(data, call); };
  thalweg::Learner learner(model, data, {});
  std::vector<std::int64_t> query(kDocuments);
  for (std::int64_t step = 0; step < 3 * kQueries; ++step) {
    std::iota(query.begin(), query.end(), step % kQueries * kDocuments);
    learner.step(query, /*lr=*/0.05, objective);
  }
  const double wrong = thalweg::check_gradient(model, data, query, objective);
  const std::vector<float> w = model.parameters()[0].values;
  std::printf("score = %.3f x0 %+.3f x1; error of the gradient %.1g\n", w[0], w[1], wrong);
  return wrong < 1e-2 && w[0] > 1 && std::abs(w[0] + w[1]) < 0.1f * w[0] ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
