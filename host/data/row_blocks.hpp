#pragma once
// Data that pass by: rows in blocks, so that their number does not matter.
#include <functional>

#include "thalweg/dataset.hpp"

namespace thalweg {

/// Reads data.test as read_test_data does and gives the rows of a text format, or of one array of numbers
/// in C order, to `take` block by block, of a megabyte or so, each as a data set; other formats come as one.
/// A data set's source_line tells where a row stands. No row range and no file of labels: these are for whole
/// files. Weights are left out.
void read_test_blocks(const DataConfig& config, const DataSchema& schema, bool need_target,
                      const ReadOptions& reading, const std::function<void(const Dataset&)>& take);

}  // namespace thalweg
