// Data sets that a program makes by hand, with each mistake that can be made: the typed error, and the words
// that name the fault.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "host/data/finite.hpp"
#include "host/model/importance.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/rows_by_hand.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::labels;
using test::model_for;
using test::numbers;
using test::sparse_rows;
using Words = std::vector<std::string>;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Expects the error of every public call that needs targets.
template <class E>
void every_call_refuses(const Model& model, const Dataset& data, const Words& words) {
  Model& mine = const_cast<Model&>(model);  // a learner wants a model that it may change
  expect_error<E>([&] { Learner(mine, data, {}); }, words);
  expect_error<E>([&] { evaluate(model, data); }, words);
  expect_error<E>([&] { per_sample_gradients(model, data, {0}); }, words);
  expect_error<E>([&] { standard_errors(model, data); }, words);
  expect_error<E>([&] { permutation_importance(model, data, {0}, {}); }, words);
}

/// validate and every call that needs targets refuse good data after `spoil`; predictions do not look at it.
template <class E, class Spoil>
void refused_with_targets(const Dataset& good, const Spoil& spoil, const Words& words) {
  Dataset data = good;
  spoil(data);
  expect_error<E>([&] { validate(data); }, words);
  const Model model = model_for(good);
  every_call_refuses<E>(model, data, words);
  EXPECT_EQ(model.predict(data).values, model.predict(good).values);
}

/// validate and every other call refuse good data after `spoil`.
template <class E, class Spoil>
void refused(const Dataset& good, const Spoil& spoil, const Words& words) {
  Dataset data = good;
  spoil(data);
  expect_error<E>([&] { validate(data); }, words);
  const Model model = model_for(good);
  every_call_refuses<E>(model, data, words);
  expect_error<E>([&] { model.predict(data); }, words);
}

TEST(MisuseData, GoodDataPassEveryCheck) {
  for (const Dataset& data : {numbers(), labels(), sparse_rows()}) {
    EXPECT_NO_THROW(validate(data));
    const Model model = model_for(data);
    EXPECT_NO_THROW(require_fits(model.spec(), data));
    EXPECT_EQ(model.predict(data).rows, data.rows);
  }
  Dataset without_target = numbers();
  without_target.target.clear();
  EXPECT_NO_THROW(validate(without_target));
  EXPECT_EQ(model_for(numbers()).predict(without_target).rows, 4);
}

TEST(MisuseData, LengthsThatDoNotFitAreNamed) {
  refused<ShapeError>(numbers(), [](Dataset& d) { d.dense_f32.pop_back(); },
                      {"rows by hand: dense_f32 has 7 elements, expected 8 for 4 rows of 2 features"});
  refused<ShapeError>(numbers(), [](Dataset& d) { d.target.pop_back(); },
                      {"target has 3 elements, expected 4"});
  refused<ShapeError>(numbers(),
                      [](Dataset& d) {
                        d.weight = {1, 1, 1, 1, 1};
                      },
                      {"weight has 5 elements, expected 4"});
  refused<ShapeError>(numbers(), [](Dataset& d) { d.features = 0; }, {"4 rows of 0 features"});
  refused<ShapeError>(numbers(), [](Dataset& d) { d.features = -2; }, {"4 rows of -2 features"});
  refused<ShapeError>(numbers(), [](Dataset& d) { d.rows = -1; }, {"-1 rows"});
  refused<ShapeError>(numbers(), [](Dataset& d) { d.rows = d.features = std::int64_t{1} << 62; },
                      {"more cells than 64 bits count"});
  Dataset bytes = numbers();
  bytes.dense_f32.clear(), bytes.dense_u8.assign(8, 1);
  refused<ShapeError>(bytes, [](Dataset& d) { d.dense_u8.pop_back(); },
                      {"dense_u8 has 7 elements, expected 8"});
  refused<ShapeError>(bytes, [](Dataset& d) { d.transform.scale = d.transform.shift = {1}; },
                      {"its transform has 1 scales and 1 shifts for 2 features"});
  refused<ShapeError>(numbers(), [](Dataset& d) { d.target_transform.deviation = 0; },
                      {"target deviation that is not positive"});
}

TEST(MisuseData, OneKindOfStorageIsFilled) {
  refused<ShapeError>(numbers(), [](Dataset& d) { d.dense_u8.assign(8, 1); },
                      {"more than one kind of storage"});
  refused<ShapeError>(numbers(), [](Dataset& d) { d.values = {1}; }, {"a dense data set has dense_f32 or"});
  refused<ShapeError>(sparse_rows(), [](Dataset& d) { d.dense_f32 = {1}; },
                      {"a sparse data set has offsets, columns, values"});
  refused<ShapeError>(sparse_rows(), [](Dataset& d) { d.dense_u8 = {1}; }, {"more than one kind of storage"});
}

TEST(MisuseData, SparseRowsHaveToBeInOrder) {
  refused<ShapeError>(sparse_rows(), [](Dataset& d) { d.offsets.pop_back(); },
                      {"offsets has 3 elements, expected 4"});
  refused<ShapeError>(sparse_rows(), [](Dataset& d) { d.values.push_back(1); },
                      {"values has 4 elements, expected 3"});
  refused<ShapeError>(sparse_rows(), [](Dataset& d) { d.offsets[0] = 1; }, {"offsets go from 1 to 3"});
  refused<ShapeError>(sparse_rows(), [](Dataset& d) { d.offsets[3] = 1000; }, {"offsets go from 0 to 1000"});
  refused<ShapeError>(sparse_rows(), [](Dataset& d) { d.offsets[1] = 3; }, {"row 1", "descend from 3 to 2"});
  refused<DataError>(sparse_rows(), [](Dataset& d) { d.columns[1] = 4; },
                     {"row 0: column 4; expected 0 to 3 (columns count from 0)"});
  refused<DataError>(sparse_rows(), [](Dataset& d) { d.columns[2] = -1; },
                     {"row 2: column -1; expected 0 to 3"});
  refused<DataError>(sparse_rows(), [](Dataset& d) { d.columns[1] = 0; },
                     {"row 0: column 0 follows column 0"});
  refused<DataError>(sparse_rows(),
                     [](Dataset& d) {
                       d.columns = {3, 1, 1};
                     },
                     {"row 0: column 1 follows column 3; expected ascending columns"});
  refused<DataError>(sparse_rows(), [](Dataset& d) { d.values[2] = kNaN; },
                     {"rows by hand row 2, feature 1: the value is nan"});
}

TEST(MisuseData, FeaturesHaveToBeFinite) {
  refused<DataError>(numbers(), [](Dataset& d) { d.dense_f32[5] = kNaN; },
                     {"rows by hand row 2, feature 1: the value is nan; want a finite number"});
  refused<DataError>(numbers(), [](Dataset& d) { d.dense_f32[0] = -kInfinity; },
                     {"row 0, feature 0", "-inf"});
  Dataset raw = numbers();
  raw.dense_f32[5] = kNaN;
  EXPECT_NO_THROW(validate(raw, MissingValues::allowed));
  raw.dense_f32[6] = kInfinity;
  expect_error<DataError>([&] { validate(raw, MissingValues::allowed); },
                          {"row 3, feature 0: the value is inf"});
}

/// Of models with hidden layers, too, whose activations hide an infinity.
TEST(MisuseData, NoModelPredictsFeaturesThatAreNotFinite) {
  for (const std::vector<std::int64_t>& hidden : {std::vector<std::int64_t>{}, {3}}) {
    for (const Dataset& good : {numbers(), sparse_rows()}) {
      const Model model = model_for(good, {.hidden = hidden, .activation = Activation::tanh});
      for (const float value : {kNaN, kInfinity, -kInfinity}) {
        Dataset data = good;
        (data.sparse ? data.values[1] : data.dense_f32[1]) = value;
        expect_error<DataError>([&] { model.predict(data); }, {"row 0, feature", "the value is"});
        EXPECT_NO_THROW(model.predict(good));
      }
    }
  }
  const Dataset large = test::number_data(1, {3e38f, 1}, {0, 0});
  const Model model = test::model_with(test::context_of("cpu"), {.loss = Loss::squared}, large, {{10}, {0}});
  EXPECT_EQ(model.predict(large).values, (std::vector<float>{kInfinity, 10})) << "the features are finite";
}

/// Several blocks of rows, on several threads.
TEST(MisuseData, TheFirstFaultOfManyRowsIsNamed) {
  constexpr std::int64_t kRows = 60000, kFeatures = 100;
  Dataset data =
      test::number_data(kFeatures, std::vector<float>(kRows * kFeatures, 1), std::vector<float>(kRows, 0));
  EXPECT_NO_THROW(validate(data));
  for (const std::int64_t row : {59999, 45000, 8191, 4096})
    data.dense_f32[static_cast<std::size_t>(row * kFeatures + 99)] = kNaN;
  expect_error<DataError>([&] { validate(data); }, {"row 4096, feature 99: the value is nan"});
  data.sparse = true, data.dense_f32.clear();
  for (std::int64_t row = 0; row <= kRows; ++row) data.offsets.push_back(100 * row);
  for (std::int64_t e = 0; e < 100 * kRows; ++e) data.columns.push_back(static_cast<std::int32_t>(e % 100));
  data.values.assign(100 * kRows, 1);
  EXPECT_NO_THROW(validate(data));
  data.columns[5900000] = data.columns[4500000] = 7;
  expect_error<DataError>([&] { validate(data); }, {"row 45000: column 1 follows column 7"});
}

TEST(MisuseData, AFaultIsFoundWhereverItLies) {
  for (const std::int64_t size : test::kNastySizes) {
    std::vector<float> values(static_cast<std::size_t>(size), std::numeric_limits<float>::max());
    EXPECT_EQ(first_not_finite(values.data(), size, false), size);
    for (const std::int64_t at : {std::int64_t{0}, size / 2, size - 1}) {
      if (at < 0 || at >= size) continue;
      values[static_cast<std::size_t>(at)] = -kNaN;
      EXPECT_EQ(first_not_finite(values.data(), size, false), at);
      EXPECT_EQ(first_not_finite(values.data(), size, true), size) << "a NaN is a missing value";
      values[static_cast<std::size_t>(at)] = -kInfinity;
      EXPECT_EQ(first_not_finite(values.data(), size, true), at);
      values[static_cast<std::size_t>(at)] = 0;
    }
  }
}

TEST(MisuseData, TargetsHaveToBeWhatTheirKindSays) {
  refused_with_targets<DataError>(numbers(), [](Dataset& d) { d.target[3] = kNaN; },
                                  {"row 3: the target is nan"});
  refused_with_targets<DataError>(labels(), [](Dataset& d) { d.target[1] = 7; },
                                  {"row 1: the class is 7; want a whole number from 0 to 1"});
  refused_with_targets<DataError>(labels(), [](Dataset& d) { d.target[0] = -1; }, {"row 0: the class is -1"});
  refused_with_targets<DataError>(labels(), [](Dataset& d) { d.target[2] = 0.5f; },
                                  {"row 2: the class is 0.5"});
  refused_with_targets<DataError>(labels(), [](Dataset& d) { d.target[2] = 2; }, {"row 2: the class is 2"});
  refused_with_targets<DataError>(labels(), [](Dataset& d) { d.target[2] = kNaN; },
                                  {"row 2: the class is nan"});
  refused_with_targets<DataError>(labels(), [](Dataset& d) { d.classes.clear(); }, {"it names no classes"});
}

TEST(MisuseData, WeightsAreNotNegativeAndNotAllZero) {
  refused_with_targets<DataError>(numbers(),
                                  [](Dataset& d) {
                                    d.weight = {1, -1, 1, 1};
                                  },
                                  {"row 1: the weight is -1"});
  refused_with_targets<DataError>(numbers(),
                                  [](Dataset& d) {
                                    d.weight = {1, 1, kNaN, 1};
                                  },
                                  {"row 2: the weight is nan"});
  refused_with_targets<DataError>(numbers(),
                                  [](Dataset& d) {
                                    d.weight = {0, 0, 0, 0};
                                  },
                                  {"every weight is 0"});
}

TEST(MisuseData, MessagesNameDataWithoutASource) {
  Dataset data = numbers();
  data.source.clear();
  data.dense_f32[2] = kNaN;
  expect_error<DataError>([&] { validate(data); }, {"memory row 1, feature 0: the value is nan"});
  EXPECT_EQ(data.where(1), "memory row 1");
  data.dense_f32.clear();
  expect_error<ShapeError>([&] { validate(data); }, {"memory: dense_f32 has 0 elements"});
}

}  // namespace
}  // namespace thalweg
