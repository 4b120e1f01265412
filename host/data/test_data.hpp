#pragma once
// Test data of a command that may say which rows a file of weights belongs to.
#include "host/data/raw_data.hpp"

namespace thalweg {

/// Whose weights the file data.weight has, where it is a file and not a column.
enum class WeightFile { of_training_rows, of_these_rows };

/// Reads the file request.weight for test rows that have no weights yet, or notes that they take none.
void read_test_weights(const ReadRequest& request, WeightFile weights, RawData& data);

/// read_data_as; its rows take the weights of a file that is theirs.
Dataset read_data_as(const DataConfig& config, const std::string& path, const std::string& target_path,
                     const std::string& row_range, const DataSchema& schema, bool need_target,
                     const ReadOptions& reading, WeightFile weights);

/// read_test_data; its rows take the weights of a file that is theirs.
Dataset read_test_data(const DataConfig& config, const DataSchema& schema, bool need_target,
                       const ReadOptions& reading, WeightFile weights);

}  // namespace thalweg
