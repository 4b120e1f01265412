#pragma once
// Data, models and a run for the examples of tour.cpp.
#include <string>
#include <vector>

#include "thalweg/thalweg.hpp"

using Rows = std::vector<std::int64_t>;

/// y = x0 - x1 in 64 rows of two features.
inline thalweg::Dataset small_data() {
  thalweg::Dataset data;
  data.rows = 64;
  data.features = 2;
  for (int row = 0; row < data.rows; ++row) {
    const float x0 = static_cast<float>(row % 8), x1 = static_cast<float>(row / 8);
    data.dense_f32.insert(data.dense_f32.end(), {x0, x1});  // [rows, features]
    data.target.push_back(x0 - x1);
  }
  return data;
}

inline thalweg::ModelSpec linear_spec(const thalweg::Dataset& data) {
  thalweg::ModelConfig config;
  config.loss = thalweg::Loss::squared;
  return thalweg::resolve_model(config, thalweg::schema_of(data), /*seed=*/1);
}

/// A model fitted to the given rows by 200 steps on all of them.
inline thalweg::Model trained(const thalweg::Dataset& data, const Rows& rows) {
  thalweg::Model model(thalweg::Context(), linear_spec(data));
  thalweg::LearnerOptions options;
  options.optimizer.name = thalweg::Rule::sgd;
  options.optimizer.lr = 0.02;
  thalweg::Learner learner(model, data, options);
  for (int step = 0; step < 200; ++step) learner.step(rows);
  return model;
}

inline thalweg::Config run_on(const std::string& folder) {
  thalweg::Config config;
  config.data.train = folder + "/a9a";
  config.data.train_rows = "0:2000";
  config.train.max_steps = 20;
  return config;
}

/// A stream of one batch with the column "x", as another library would give it.
inline ArrowArrayStream numbers_as_arrow() {
  static const double numbers[] = {1, 2, 3};
  static const void* buffers[] = {nullptr, numbers};  // no nulls
  static ArrowSchema x{"g", "x", nullptr, 0, 0, nullptr, nullptr, nullptr, nullptr};
  static ArrowArray column{3, 0, 0, 2, 0, buffers, nullptr, nullptr, nullptr, nullptr};
  static ArrowSchema* names[] = {&x};
  static ArrowArray* columns[] = {&column};
  static bool given = false;
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream*, ArrowSchema* out) {
    *out = {"+s", "", nullptr, 0, 1, names, nullptr, [](ArrowSchema* s) { s->release = nullptr; }, nullptr};
    return 0;
  };
  stream.get_next = [](ArrowArrayStream*, ArrowArray* out) {
    *out = {3, 0, 0, 0, 1, nullptr, columns, nullptr, [](ArrowArray* a) { a->release = nullptr; }, nullptr};
    if (given) out->release = nullptr;  // the end
    given = true;
    return 0;
  };
  stream.release = [](ArrowArrayStream* s) { s->release = nullptr; };
  return stream;
}
