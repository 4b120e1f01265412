// Two models that take turns: a teacher learns from labels, a small student from the teacher's probabilities
// alone (Hinton, Vinyals and Dean 2015). The student's targets are a matrix [rows, classes].
#include <cmath>
#include <cstdio>
#include <exception>
#include <vector>

#include "thalweg/thalweg.hpp"

static thalweg::Dataset three_arms_of_a_spiral() {
  thalweg::Dataset data;
  data.rows = 300, data.features = 2;
  data.target_kind = thalweg::TargetKind::classes;
  data.classes = {"0", "1", "2"};
  for (std::int64_t row = 0; row < data.rows; ++row) {
    const float arm = static_cast<float>(row % 3), radius = static_cast<float>(row) / 150.0f;
    const float angle = 2.0944f * arm + 1.5f * radius;
    data.dense_f32.insert(data.dense_f32.end(), {radius * std::cos(angle), radius * std::sin(angle)});
    data.target.push_back(arm);
  }
  return data;
}

static thalweg::Model model_of(const thalweg::Dataset& data, std::int64_t hidden) {
  const auto spec = thalweg::resolve_model({.hidden = {hidden}}, thalweg::schema_of(data), /*seed=*/1);
  return {thalweg::Context(), spec};
}

/// Cross-entropy of softmax(output) against the probabilities of the rows.
static void imitate(const std::vector<float>& targets, const thalweg::ObjectiveCall& call) {
  for (std::int64_t n = 0; n < call.output.rows; ++n) {
    const float *output = call.output.row(n), *target = targets.data() + 3 * call.rows[n];
    const float sum = std::exp(output[0]) + std::exp(output[1]) + std::exp(output[2]);
    call.losses[n] = std::log(sum);
    for (std::int64_t k = 0; k < 3; ++k) {
      call.losses[n] -= target[k] * output[k];
      call.grad_output.row(n)[k] = call.scale * (std::exp(output[k]) / sum - target[k]);
    }
  }
}

int main() try {
  const thalweg::Dataset data = three_arms_of_a_spiral();
  const std::vector<std::int64_t> all = thalweg::split_rows(data.rows, 0, 1).train;
  thalweg::Model teacher = model_of(data, 64), student = model_of(data, 16);
  const thalweg::LearnerOptions options{.optimizer = {.name = thalweg::Rule::adam, .lr = 0.02},
                                        .max_batch = data.rows};
  thalweg::Learner teaching(teacher, data, options), learning(student, data, options);
  for (int turn = 0; turn < 300; ++turn) {
    teaching.step(all);
    const std::vector<float> said = teacher.predict(data).values;
    learning.step(all, {}, [&](const thalweg::ObjectiveCall& call) { imitate(said, call); });
  }
  const double accuracy = thalweg::evaluate(student, data)["accuracy"];
  return std::printf("accuracy of the student %.3f\n", accuracy), accuracy > 0.95 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
