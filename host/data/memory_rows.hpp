#pragma once
// Data sets that a program made, on their way through what is done with the cells of files.
#include "host/data/raw_data.hpp"

namespace thalweg {

/// The source of data that name none.
inline constexpr const char* kMemory = "memory";

/// The data set's source, for messages.
inline std::string source_of(const Dataset& data) { return data.source.empty() ? kMemory : data.source; }

/// Whether the transform does nothing to the features; it may name columns.
bool is_raw(const FeatureTransform& transform);

/// The cells and labels of a raw data set, as if a reader had read them; the data set is given up. Throws
/// UsageError for features that stay on the disk.
RawData raw_data_of(Dataset&& data);

/// The targets of a data set that was validated.
LabelColumn labels_of(const Dataset& data);

/// What the program said that the targets are.
TargetUse use_of(TargetKind kind);

/// The rows with these ids, in that order, in memory also where the features of `data` are not.
Dataset select_rows(const Dataset& data, const std::vector<std::int64_t>& ids);
/// Its two halves.
Dataset select_all_but_features(const Dataset& data, const std::vector<std::int64_t>& ids);
void select_features(const Dataset& data, const std::vector<std::int64_t>& ids, Dataset& to);

}  // namespace thalweg
