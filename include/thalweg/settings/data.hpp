#pragma once
// Section [data]: files, columns, rows, and what is made of the features.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/choices.hpp"
#include "thalweg/setting.hpp"

namespace thalweg {

struct DataConfig {
  std::string train, test;
  DataFormat format = DataFormat::automatic;
  std::string target;
  std::string test_target;
  std::string weight;
  std::string class_weight = "none";
  Header header = Header::automatic;
  Delimiter delimiter = Delimiter::automatic;
  std::vector<std::string> ignore;
  std::string train_rows, test_rows;
  std::int64_t features = 0;
  IndexBase index_base = IndexBase::automatic;
  double validation_fraction = 0.0;
  Tristate standardize = Tristate::automatic;
  bool standardize_target = false;
  Imputation impute = Imputation::error;
  FingerprintRows fingerprint = FingerprintRows::sampled;

  static constexpr std::string_view kAbout = "Files, columns and rows, and how features are prepared";

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v(Setting{.name = "train", .about = "File of the training data."}, c.train);
    v(Setting{.name = "test", .about = "File of the test data; evaluate and predict read it, too."}, c.test);
    v(Setting{.name = "format", .about = "Format of the data files; auto tells it by the content."},
      c.format);
    v(Setting{.name = "target",
              .about = "CSV: column of the target by name or index, empty: the last one; npy and idx: file "
                       "of the targets.",
              .aliases = "label label_column target_column"},
      c.target);
    v(Setting{.name = "test_target", .about = "npy and idx: file of the targets of the test data."},
      c.test_target);
    v(Setting{.name = "weight",
              .about = "Sample weights: a column of a CSV file, else a file; empty: every weight is 1.",
              .aliases = "sample_weight weight_column"},
      c.weight);
    v(Setting{.name = "class_weight",
              .about = "Factor of the sample weights by class; balanced: inversely proportional to the "
                       "frequency of the class.",
              .form = TextForm::class_weight},
      c.class_weight);
    v(Setting{.name = "header", .about = "Whether the first line of a CSV file names the columns."},
      c.header);
    v(Setting{.name = "delimiter", .about = "Delimiter between the cells of a CSV file.", .aliases = "sep"},
      c.delimiter);
    v(Setting{.name = "ignore",
              .about = "CSV columns to leave out, by name or index.",
              .aliases = "ignore_column"},
      c.ignore);
    v(Setting{.name = "train_rows",
              .about = "Rows of the training file to read; empty: all.",
              .form = TextForm::row_range},
      c.train_rows);
    v(Setting{.name = "test_rows",
              .about = "Rows of the test file to read; without a test file, rows of the training file.",
              .form = TextForm::row_range},
      c.test_rows);
    v(Setting{.name = "features",
              .about = "libsvm: number of features; 0: the largest index that occurs.",
              .range = at_least(0),
              .aliases = "n_features"},
      c.features);
    v(Setting{.name = "index_base", .about = "libsvm: index of the first feature."}, c.index_base);
    v(Setting{.name = "validation_fraction",
              .about = "Fraction of the training rows that is held out for validation.",
              .range = from_to_below(0, 1),
              .aliases = "validation_split"},
      c.validation_fraction);
    v(Setting{.name = "standardize",
              .about = "Whether features are shifted and scaled to mean 0 and deviation 1; auto: dense float "
                       "features are, sparse and uint8 ones are not.",
              .aliases = "normalize standardise"},
      c.standardize);
    v(Setting{.name = "standardize_target",
              .about = "Whether a regression target is trained as (y - mean) / deviation."},
      c.standardize_target);
    v(Setting{.name = "impute", .about = "What stands in for a missing value; error: the run ends."},
      c.impute);
    v(Setting{.name = "fingerprint", .about = "Rows that a resumed run compares with those before."},
      c.fingerprint);
  }
};

}  // namespace thalweg
