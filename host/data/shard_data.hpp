#pragma once
// Sets of shards as the data of a run or of a model.
#include <string>

#include "host/data/shards/conversion_notes.hpp"
#include "thalweg/config.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// Whether the path is that of a folder of shards. A manifest or the first shard may be missing, which
/// opening it says.
bool is_shard_set(const std::string& path);

/// A set to train on, and what convert said of it.
struct TrainingShards {
  Dataset data;
  ConversionNotes notes;
};

/// Opens data.train; with a schema, that of model.init, in its form. Throws ConfigError naming a setting that
/// asks readers for what shards have already, or do not have; and what open_shards throws.
TrainingShards open_training_shards(const DataConfig& config, const DataSchema* schema, int threads);

/// The settings for rows beside data.train. Where that is a set of shards, ids and weights are in the columns
/// that its rows had them in, unless the settings say otherwise.
DataConfig settings_beside(DataConfig config);

/// Opens a set for a model. Cells that shards keep ahead of scale and shift take those of the schema. Throws
/// DataError or ShapeError for data of another form.
Dataset open_shards_as(const std::string& folder, const DataSchema& schema, bool need_target, int threads);

}  // namespace thalweg
