#pragma once
#include "thalweg/dataset.hpp"

namespace thalweg {

/// A data set of which every value has been checked: by its reader, or by validate.
struct CheckedData {
  const Dataset& rows;
};

}  // namespace thalweg
