#pragma once
// What reading did to the rows of a set ahead of its shards, for the summary of a run.
#include <cstdint>
#include <string>

#include "thalweg/choices/data.hpp"

namespace thalweg {

struct ConversionNotes {
  std::int64_t filled = 0;                ///< missing cells that data.impute filled
  Imputation impute = Imputation::error;  ///< how
  std::string weight = {};  ///< name of the column or file of weights; empty: not known, or none
  std::string id = {};      ///< name of the column data.id; empty: none, or not known

  bool operator==(const ConversionNotes&) const = default;
};

}  // namespace thalweg
