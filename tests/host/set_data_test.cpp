// A learner whose data come in parts.
#include <gtest/gtest.h>

#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using Rows = std::vector<std::int64_t>;
using test::joined;

constexpr std::int64_t kRows = 30, kPart = 10, kFeatures = 40;

enum class Kind { dense, bytes, sparse };

/// Row r of the sparse data has 1 + r entries, so that a later part needs more memory than the first.
void add_sparse(Dataset& data, std::int64_t first, std::int64_t rows) {
  data.sparse = true;
  data.offsets = {0};
  for (std::int64_t r = first; r < first + rows; ++r) {
    for (std::int64_t j = 0; j <= r; ++j) {
      data.columns.push_back(static_cast<std::int32_t>(j));
      data.values.push_back(0.125f * static_cast<float>((r * 5 + j * 3) % 11 - 5));
    }
    data.offsets.push_back(std::ssize(data.columns));
  }
}

/// Rows [first, first + rows) of one data set.
Dataset part(Kind kind, std::int64_t first, std::int64_t rows) {
  Dataset data;
  data.rows = rows, data.features = kFeatures, data.source = "a part";
  const Floats y = test::random_floats(kRows, 5), w = test::random_floats(kRows, 6, 0.5f, 1.5f);
  data.target.assign(y.begin() + first, y.begin() + first + rows);
  data.weight.assign(w.begin() + first, w.begin() + first + rows);
  if (kind == Kind::sparse) return add_sparse(data, first, rows), data;
  const Floats x = test::random_floats(kRows * kFeatures, 7);
  for (std::int64_t i = first * kFeatures; i < (first + rows) * kFeatures; ++i) {
    const float value = x[static_cast<std::size_t>(i)];
    if (kind == Kind::bytes) data.dense_u8.push_back(static_cast<std::uint8_t>(127 + 120 * value));
    if (kind == Kind::dense) data.dense_f32.push_back(value);
  }
  if (kind == Kind::bytes)
    data.transform.scale.assign(kFeatures, 0.01f), data.transform.shift.assign(kFeatures, -1.27f);
  return data;
}

Model model_of(const Context& ctx, const Dataset& data) {
  return Model(ctx, resolve_model({.hidden = {6}, .loss = Loss::squared}, schema_of(data), 3));
}

/// The rows of a step, in numbers of all the data.
Rows batch(std::int64_t first, std::int64_t step) {
  Rows rows;
  for (std::int64_t i = 0; i < 7; ++i) rows.push_back(first + (step + 3 * i) % kPart);
  return rows;
}

LearnerOptions options(Kind kind) {
  LearnerOptions o{.optimizer = {.name = Rule::adam, .lr = 0.01}, .max_batch = 8};
  if (kind == Kind::sparse) o.optimizer.lazy = Tristate::yes;
  if (kind == Kind::dense) o.per_sample = {.clip_norm = 0.5};
  return o;
}

Floats trained_at_once(const Context& ctx, Kind kind) {
  const Dataset data = part(kind, 0, kRows);
  Model model = model_of(ctx, data);
  Learner learner(model, data, options(kind));
  for (std::int64_t first = 0; first < kRows; first += kPart)
    for (int step = 0; step < 3; ++step) learner.step(batch(first, step));
  Floats all = joined(model.parameters());
  all.push_back(static_cast<float>(learner.evaluate(batch(kRows - kPart, 0))["loss"]));
  return all;
}

/// `refill`: all parts come in the vectors of one Dataset.
Floats trained_in_parts(const Context& ctx, Kind kind, bool refill) {
  Dataset data = part(kind, 0, kPart), other;
  Model model = model_of(ctx, data);
  Learner learner(model, data, options(kind));
  for (std::int64_t first = 0; first < kRows; first += kPart) {
    if (first > 0) (refill ? data : other) = part(kind, first, kPart);
    if (first > 0) learner.set_data(refill ? data : other);
    for (int step = 0; step < 3; ++step) learner.step(batch(0, step));
  }
  Floats all = joined(model.parameters());
  all.push_back(static_cast<float>(learner.evaluate(batch(0, 0))["loss"]));
  return all;
}

TEST(SetData, GoesOnWithTheBitsOfALearnerThatHadAllRows) {
  for (const std::string& device : test::all_devices()) {
    const Context& ctx = test::context_of(device);
    for (const Kind kind : {Kind::dense, Kind::bytes, Kind::sparse}) {
      const std::string what = device + " " + std::to_string(static_cast<int>(kind));
      const Floats want = trained_at_once(ctx, kind);
      test::expect_same_bits(trained_in_parts(ctx, kind, false), want, what);
      test::expect_same_bits(trained_in_parts(ctx, kind, true), want, what + ", filled again");
    }
  }
}

TEST(SetData, RefusesRowsOfAnotherSchemaAndGoesOnWithThoseItHad) {
  const Dataset data = test::class_data(2, {1, 2, 3, 4}, {0, 1}, 2);
  Model model(test::context_of("cpu"), resolve_model({.loss = Loss::logistic}, schema_of(data), 1));
  Learner learner(model, data, {.max_batch = 4});
  const double loss = learner.evaluate({0, 1})["loss"];
  const auto refused = [&](auto error, const std::vector<std::string>& words, const auto& change) {
    Dataset other = data;
    change(other);
    test::expect_error<decltype(error)>([&] { learner.set_data(other); }, words);
  };
  refused(ShapeError(""), {"has 1 features; the model takes 2"}, [](Dataset& d) {
    d.features = 1, d.dense_f32 = {1, 2};
  });
  refused(ShapeError(""), {"has no rows"}, [](Dataset& d) { d.rows = 0; });
  refused(DataError(""), {"is sparse; the model was made for dense data"}, [](Dataset& d) {
    d.sparse = true, d.offsets = {0, 1, 1}, d.columns = {0}, d.values = {1}, d.dense_f32.clear();
  });
  refused(DataError(""), {"label \"other\" was not seen in training"},
          [](Dataset& d) { d.classes[1] = "other"; });
  refused(DataError(""), {"transformed otherwise"}, [](Dataset& d) {
    d.transform.scale = d.transform.shift = {1, 1};
  });
  refused(DataError(""), {"transformed otherwise"}, [](Dataset& d) { d.transform.offset = {1, 1}; });
  refused(DataError(""), {"transformed otherwise"}, [](Dataset& d) { d.transform.impute = {0, 0}; });
  EXPECT_EQ(learner.evaluate({0, 1})["loss"], loss);
  Dataset same = data;
  same.target_column = "another name", same.index_base = 0, same.transform.names = {"a", "b"};
  EXPECT_NO_THROW(learner.set_data(same)) << "names and the file bear on no step";
}

TEST(SetData, WaitsForQueuedStepsAndRefusesBatchesOfOneDataSet) {
  const Dataset data = test::number_data(1, {1, 2, 4}, {0, 3, 6});
  Model model(test::context_of("cpu"), resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  Learner learner(model, data, {.max_batch = 4});
  learner.enqueue(Rows{0});
  test::expect_error<UsageError>([&] { learner.set_data(data); }, {"steps are queued", "Learner::set_data"});
  learner.collect();
  EXPECT_NO_THROW(learner.set_data(data));
  const EpochBatches batches({0, 1, 2}, 2, 1, true, false);
  Learner epochs(model, data, {.max_batch = 2, .batches = &batches});
  test::expect_error<UsageError>([&] { epochs.set_data(data); }, {"LearnerOptions::batches"});
}

}  // namespace
}  // namespace thalweg
