#pragma once
// Section [data]: files, columns, rows, and what is made of the features.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/choices.hpp"
#include "thalweg/setting.hpp"

namespace thalweg {

struct DataConfig {
  std::string train, validation, test;
  DataFormat format = DataFormat::automatic;
  std::string target;
  std::string validation_target, test_target;
  std::string weight;
  std::string class_weight = "none";
  Header header = Header::automatic;
  Delimiter delimiter = Delimiter::automatic;
  Decimal decimal = Decimal::point;
  Thousands thousands = Thousands::none;
  std::string comment;
  std::vector<std::string> missing = {"na", "n/a", "nan", "null", "?"};
  std::vector<std::string> ignore;
  std::vector<std::string> categorical;
  std::string id;
  std::string train_rows, test_rows;
  std::int64_t features = 0;
  std::vector<std::string> crosses;
  std::int64_t hash_bits = 0;
  IndexBase index_base = IndexBase::automatic;
  Unseen unseen = Unseen::ignore;
  double validation_fraction = 0.0;
  std::int64_t folds = 0;
  Tristate stratify = Tristate::automatic;
  Tristate standardize = Tristate::automatic;
  Tristate standardize_target = Tristate::automatic;
  Imputation impute = Imputation::error;
  FingerprintRows fingerprint = FingerprintRows::sampled;
  RowOrder order = RowOrder::automatic;
  std::int64_t block_bytes = 128 << 10;
  std::int64_t window_bytes = 128 << 20;
  std::string memory = "auto";
  std::int64_t readers = 16;

  static constexpr std::string_view kAbout = "Files, columns and rows, and how features are prepared";

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v(Setting{.name = "train",
              .about = "Training data: a file, a folder, a glob, or files by commas; - reads standard "
                       "input.",
              .path = true,
              .on_resume = OnResume::compare_data,
              .read_by = ReadBy::training_and_model},
      c.train);
    v(Setting{.name = "validation",
              .about = "Validation data: files, as data.train names them.",
              .aliases = "valid validation_data valid_data eval_set",
              .path = true,
              .on_resume = OnResume::compare_data},
      c.validation);
    v(Setting{.name = "test",
              .about = "Test data: files, as data.train names them; evaluate and predict read them, too.",
              .path = true,
              .on_resume = OnResume::go_on,
              .read_by = ReadBy::training_and_model},
      c.test);
    v(Setting{.name = "format",
              .about = "Format of the data files; auto tells it by the content.",
              .read_by = ReadBy::all},
      c.format);
    v(Setting{.name = "target",
              .about = "CSV: column of the target by name or index, empty: the last one; npy and idx: file "
                       "of the targets.",
              .aliases = "label label_column target_column",
              .path = true,
              .on_resume = OnResume::compare_data,
              .read_by = ReadBy::all},
      c.target);
    v(Setting{.name = "validation_target",
              .about = "npy and idx: file of the targets of the validation data.",
              .path = true,
              .on_resume = OnResume::compare_data},
      c.validation_target);
    v(Setting{.name = "test_target",
              .about = "npy and idx: file of the targets of the test data.",
              .path = true,
              .on_resume = OnResume::go_on,
              .read_by = ReadBy::training_and_model},
      c.test_target);
    v(Setting{.name = "weight",
              .about = "Sample weights, of which only the ratios count: a column of a CSV file, else a "
                       "file; empty: all the same.",
              .aliases = "sample_weight weight_column",
              .path = true,
              .on_resume = OnResume::compare_data,
              .read_by = ReadBy::all},
      c.weight);
    v(Setting{.name = "class_weight",
              .about = "Factor of the sample weights by class; balanced: inversely proportional to the "
                       "weight of the class.",
              .form = TextForm::class_weight},
      c.class_weight);
    v(Setting{.name = "header",
              .about = "Whether the first line of a CSV file names the columns.",
              .read_by = ReadBy::all},
      c.header);
    v(Setting{.name = "delimiter",
              .about = "Delimiter between the cells of a CSV file.",
              .aliases = "sep",
              .read_by = ReadBy::all},
      c.delimiter);
    v(Setting{.name = "decimal",
              .about = "Decimal mark of the numbers in a text file.",
              .read_by = ReadBy::all},
      c.decimal);
    v(Setting{.name = "thousands",
              .about = "Mark between the thousands of the numbers in a text file.",
              .read_by = ReadBy::all},
      c.thousands);
    v(Setting{.name = "comment",
              .about = "Text at the begin of the comment lines of a text file; empty: there are none.",
              .read_by = ReadBy::all},
      c.comment);
    v(Setting{.name = "missing",
              .about = "Texts that stand for a missing value besides the empty cell, in upper or lower case.",
              .aliases = "na_values missing_values",
              .read_by = ReadBy::all},
      c.missing);
    v(Setting{.name = "ignore",
              .about = "CSV columns to leave out, by name or index.",
              .aliases = "ignore_column",
              .read_by = ReadBy::all},
      c.ignore);
    v(Setting{.name = "categorical",
              .about = "CSV columns whose cells are categories even where they look like numbers, by name or "
                       "index.",
              .aliases = "categorical_feature cat_features",
              .read_by = ReadBy::training_and_conversion},
      c.categorical);
    v(Setting{.name = "id",
              .about = "CSV column that names the rows, by name or index: no feature, kept in predictions.",
              .aliases = "id_column",
              .read_by = ReadBy::all},
      c.id);
    v(Setting{.name = "train_rows",
              .about = "Rows of the training file to read; empty: all.",
              .form = TextForm::row_range,
              .read_by = ReadBy::all},
      c.train_rows);
    v(Setting{.name = "test_rows",
              .about = "Rows of the test file to read; without a test file, rows of the training file.",
              .form = TextForm::row_range,
              .on_resume = OnResume::go_on,
              .read_by = ReadBy::training_and_model},
      c.test_rows);
    v(Setting{.name = "features",
              .about = "libsvm: number of features; 0: the largest index that occurs.",
              .range = at_least(0),
              .aliases = "n_features",
              .read_by = ReadBy::training_and_conversion},
      c.features);
    v(Setting{.name = "crosses",
              .about = "CSV: pairs of columns whose values together are one more category, as a*b.",
              .aliases = "interactions quadratic",
              .read_by = ReadBy::training_and_conversion},
      c.crosses);
    v(Setting{.name = "hash_bits",
              .about = "Categories become 2^hash_bits sparse features by a signed hash; 0: each has its own.",
              .range = from_to(0, 30),
              .aliases = "bits feature_hashing",
              .read_by = ReadBy::training_and_conversion},
      c.hash_bits);
    v(Setting{.name = "index_base", .about = "libsvm: index of the first feature.", .read_by = ReadBy::all},
      c.index_base);
    v(Setting{.name = "unseen",
              .about = "What follows a category or a feature index that the training data did not have: "
                       "ignore leaves it out and counts it.",
              .on_resume = OnResume::go_on,
              .read_by = ReadBy::training_and_model},
      c.unseen);
    v(Setting{.name = "validation_fraction",
              .about = "Fraction of the training rows that is held out for validation.",
              .range = from_to_below(0, 1),
              .aliases = "validation_split"},
      c.validation_fraction);
    v(Setting{.name = "folds",
              .about =
                  "Parts of the training rows, each held out once by a run of its own (cross-validation); "
                  "0: one run.",
              .range = at_least(0),
              .aliases = "cv n_folds k_folds nfold n_splits"},
      c.folds);
    v(Setting{.name = "stratify",
              .about = "Whether every class keeps its share in held-out rows; auto: it does.",
              .aliases = "stratified"},
      c.stratify);
    v(Setting{.name = "standardize",
              .about = "Whether features are shifted and scaled to mean 0 and deviation 1; auto: dense float "
                       "features are, sparse and uint8 ones are not.",
              .aliases = "normalize standardise",
              .read_by = ReadBy::training_and_conversion},
      c.standardize);
    v(
        Setting{
            .name = "standardize_target",
            .about =
                "Whether a regression target is trained as (y - mean) / deviation; auto: it is, but not for "
                "poisson and private training."},
        c.standardize_target);
    v(Setting{.name = "impute",
              .about = "What stands in for a missing value; error: the run ends.",
              .read_by = ReadBy::training_and_conversion},
      c.impute);
    v(Setting{.name = "fingerprint",
              .about = "Rows that a resumed run compares with those before.",
              .on_resume = OnResume::go_on},
      c.fingerprint);
    v(Setting{.name = "order",
              .about = "Order in an epoch: rows permutes all rows; blocks permutes blocks, then the rows of "
                       "each window; auto: blocks for large shards.",
              .aliases = "row_order shuffle_algo"},
      c.order);
    v(Setting{.name = "block_bytes",
              .about = "With data.order = blocks, bytes of the rows of one block.",
              .range = at_least(1)},
      c.block_bytes);
    v(Setting{.name = "window_bytes",
              .about = "With data.order = blocks, bytes of the rows of a window, all slices together.",
              .range = at_least(1)},
      c.window_bytes);
    v(Setting{.name = "memory",
              .about = "Memory for rows that stay on the disk; auto: a quarter of what the process may have.",
              .form = TextForm::size,
              .aliases = "memory_budget",
              .on_resume = OnResume::go_on,
              .read_by = ReadBy::training_and_model},
      c.memory);
    v(Setting{.name = "readers",
              .about = "Threads that read rows from the disk ahead of the steps.",
              .range = from_to(1, 256),
              .aliases = "num_workers",
              .on_resume = OnResume::go_on,
              .read_by = ReadBy::training_and_model},
      c.readers);
  }
};

}  // namespace thalweg
