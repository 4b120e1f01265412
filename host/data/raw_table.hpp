#pragma once
#include "host/data/raw_data.hpp"
#include "thalweg/prepare.hpp"

namespace thalweg {

/// The cells of a table, as if a reader had read them from a CSV file with these columns. Of the request,
/// `path` names the table in messages. Throws ShapeError for columns of different lengths, DataError for a
/// table without rows.
RawData raw_data_of(const RawTable& table, const ReadRequest& request);

}  // namespace thalweg
