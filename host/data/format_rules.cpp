#include "host/data/format_rules.hpp"

#include <fmt/format.h>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Settings that name columns do nothing for formats without columns of their own; a model's data may have
/// another format than its training data.
void require_columns(const ReadRequest& request, const Reader& reader) {
  const DataConfig& config = request.config;
  if (reader.columns || request.schema) return;
  const char* const key = !config.id.empty()            ? "id"
                          : !config.categorical.empty() ? "categorical"
                          : !config.ignore.empty()      ? "ignore"
                          : !config.crosses.empty()     ? "crosses"
                                                        : nullptr;
  if (key != nullptr)
    throw ConfigError(fmt::format("data.{} names columns of a CSV file; {} is read as {}", key, request.path,
                                  name_of(reader.format)));
}

void require_hashing(const ReadRequest& request, const Reader& reader) {
  const DataFormat format = reader.format;
  const bool hashes = format == DataFormat::csv || format == DataFormat::tsv || format == DataFormat::vw;
  if (request.config.hash_bits == 0 || hashes || request.schema) return;
  throw ConfigError(fmt::format("data.hash_bits hashes the texts of CSV and VW files; {} is read as {}",
                                request.path, name_of(format)));
}

/// Sparse text has one way to write a number. A file of labels beside it may have another.
void require_plain_numbers(const ReadRequest& request, const Reader& reader) {
  const DataConfig& config = request.config;
  const bool plain = config.decimal == Decimal::point && config.thousands == Thousands::none;
  const bool sparse_text = reader.format == DataFormat::libsvm || reader.format == DataFormat::vw;
  if (plain || !sparse_text || !request.target.empty()) return;
  throw ConfigError(fmt::format(
      "data.decimal = {} and data.thousands = {}: {} is read as {}, whose numbers have a point and no marks",
      name_of(config.decimal), name_of(config.thousands), request.path, name_of(reader.format)));
}

}  // namespace

void require_settings_of(const Reader& reader, const ReadRequest& request) {
  require_columns(request, reader);
  require_hashing(request, reader);
  require_plain_numbers(request, reader);
}

bool may_pass_by(const Reader& reader, const ReadRequest& request) {
  switch (reader.format) {
    case DataFormat::npy:
    case DataFormat::npz:
    case DataFormat::idx:
    case DataFormat::csv:
    case DataFormat::tsv:
    case DataFormat::parquet:
      return true;
    case DataFormat::libsvm:
    case DataFormat::vw:  // files beside them are read behind their rows
      return request.target.empty() && request.weight.empty();
    default:
      return false;
  }
}

}  // namespace thalweg
