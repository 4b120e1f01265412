// npy files, and npz archives of them: features as X, data or the first array of two dimensions, labels as y
// or target.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/data/array_reader.hpp"
#include "host/data/file_sequence.hpp"
#include "host/data/first_bytes.hpp"
#include "host/data/labels.hpp"
#include "host/data/npz_archive.hpp"
#include "host/data/precise.hpp"
#include "host/data/readers.hpp"
#include "host/data/text.hpp"
#include "host/runtime/huge_pages.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

extern const Reader npy_reader, npz_reader;

namespace {

void require_target(const ReadRequest& request, const char* what) {
  if (request.need_target && request.target.empty())
    throw ConfigError(
        fmt::format("data.{} is empty: {} need {} of labels", request.target_key, request.path, what));
}

/// The rows of one file that the range of the sequence holds, `seen` rows of which lie before it.
void append_npy(const ReadRequest& file, ByteSource& source, std::int64_t& seen, RawData& data) {
  begin_file(file, seen, data);
  const ArrayHeader header = read_npy_header(source, file.path);
  ReadRequest part = file;
  part.range.begin = std::max<std::int64_t>(file.range.begin - seen, 0);
  if (file.range.bounded()) part.range.end = std::max<std::int64_t>(file.range.end - seen, 0);
  seen += header.rows();
  if (part.range.begin >= header.rows() || part.range.end == 0) return;
  part.range.end = std::min(part.range.end, header.rows());
  RawData rows;
  rows.source = file.path;
  read_feature_array(source, header, part, rows);
  if (header.is_text())
    throw DataError(fmt::format("{} holds {}; of several files want numbers", file.path, header.type_name()));
  if (data.rows == 0) data.width = rows.width, data.layout = rows.layout;
  if (rows.width != data.width || rows.layout != data.layout)
    throw DataError(fmt::format("{} has rows of {} values of {}; want rows as in {}", file.path, rows.width,
                                header.type_name(), data.source_files[0].name));
  append_precise(rows.cells.data(), rows.precise, 0, rows.rows, data);
  append_huge(data.cells, rows.cells.begin(), rows.cells.end());
  append_huge(data.bytes, rows.bytes.begin(), rows.bytes.end());
  data.rows += rows.rows;
}

RawData read_npy_files(const ReadRequest& request, ByteSource& source) {
  RawData data;
  data.source = request.name();
  data.first_source_row = request.range.begin;
  std::int64_t seen = 0;
  append_npy(request, source, seen, data);
  read_further_files(npy_reader, request, [&](const ReadRequest& part, std::unique_ptr<ByteSource> further) {
    append_npy(part, *further, seen, data);
    return seen < request.range.end;
  });
  require_rows(data.source, request.range, seen);
  return data;
}

RawData read_npy(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  require_target(request, "the file");
  if (request.more.empty()) return read_array_file(*source, read_npy_header(*source, request.path), request);
  RawData data = read_npy_files(request, *source);
  read_companions(request, data);
  return data;
}

/// The array of weights, else -1. Names that may mean something else count where it has a value per target.
int weights_of(const NpzArchive& archive, int target) {
  if (const int sure = archive.find({"sample_weight"}); sure >= 0) return sure;
  const int likely = archive.find({"weights", "weight", "w"});
  if (likely < 0 || target < 0) return -1;
  ArrayHeader weights, targets;
  archive.open(likely, weights);
  archive.open(target, targets);
  return weights.rows() == targets.rows() && weights.width() == 1 ? likely : -1;
}

/// Arrays of labels and weights; -1: a file has them, or nothing.
struct ArraysBeside {
  int target = -1, weight = -1;
};

/// data.target and data.test_target name an array of the archive or a file.
ArraysBeside arrays_beside(const NpzArchive& archive, const ReadRequest& request) {
  const std::string& name = request.target.empty() ? request.config.target : request.target;
  const int named = archive.find({name});
  ArraysBeside found;
  found.target =
      named < 0 && request.target.empty() ? archive.find({"y", "target", "labels", "y_train"}) : named;
  found.weight = request.weight.empty() ? weights_of(archive, found.target) : archive.find({request.weight});
  if (found.target < 0 && request.target.empty() && request.need_target)
    throw ConfigError(
        fmt::format("{} has the arrays {}; want y or target, or data.{} naming an array or a file of "
                    "labels",
                    request.path, fmt::join(archive.names(), ", "), request.target_key));
  return found;
}

void read_beside(const NpzArchive& archive, ArraysBeside found, const ReadRequest& request, RawData& data) {
  ReadRequest files = request;
  if (found.target >= 0) {
    data.labels = archive.labels(found.target, request.range, data.rows);
    files.target.clear();
  }
  if (found.weight >= 0) {
    set_weights(archive.labels(found.weight, request.range, data.rows), archive.full_name(found.weight),
                data);
    files.weight.clear();
  }
  read_companions(files, data);
}

RawData read_npz(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  const NpzArchive archive(source->file(), request.config.missing);
  ReadRequest rows = request;
  if (!request.takers.companions) rows.takers.rows = nullptr;  // blocks alone would have no labels
  const auto beside = [&](RawData& data) {
    read_beside(archive, arrays_beside(archive, request), request, data);
  };
  if (is_sparse_npz(archive)) return read_sparse_npz(archive, rows, beside);
  const int features = archive.features();
  ArrayHeader header;
  const auto array = archive.open(features, header);
  return read_array(*array, header, rows, archive.full_name(features), beside);
}

Claim claim_npy(std::string_view head, std::string_view) {
  return is_npy(head) ? Claim::by_magic : Claim::none;
}

Claim claim_npz(std::string_view head, std::string_view) {
  return is_zip(head) ? Claim::by_magic : Claim::none;
}

}  // namespace

const Reader npy_reader{DataFormat::npy, {".npy"}, &claim_npy, &read_npy, true};
const Reader npz_reader{DataFormat::npz, {".npz"}, &claim_npz, &read_npz};

}  // namespace thalweg
