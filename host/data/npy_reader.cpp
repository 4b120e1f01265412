// npy files, and npz archives of them: features as X, data or the first array of two dimensions, labels as y
// or target.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/data/array_reader.hpp"
#include "host/data/first_bytes.hpp"
#include "host/data/labels.hpp"
#include "host/data/npz_archive.hpp"
#include "host/data/readers.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

void require_target(const ReadRequest& request, const char* what) {
  if (request.need_target && request.target.empty())
    throw ConfigError(
        fmt::format("data.{} is empty: {} need {} of labels", request.target_key, request.path, what));
}

RawData read_npy(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  require_target(request, "the file");
  const ArrayHeader header = read_npy_header(*source, request.path);
  RawData data;
  data.source = request.path;
  read_feature_array(*source, header, request, data);
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

RawData read_npz(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  const NpzArchive archive(source->file(), request.config.missing);
  RawData data;
  if (is_sparse_npz(archive)) {
    read_sparse_npz(archive, request, data);
  } else {
    const int features = archive.features();
    ArrayHeader header;
    const auto array = archive.open(features, header);
    data.source = archive.full_name(features);
    read_feature_array(*array, header, request, data);
  }

  // data.target and data.test_target name an array of the archive or a file.
  const std::string& name = request.target.empty() ? request.config.target : request.target;
  const int named = archive.find({name});
  const int target =
      named < 0 && request.target.empty() ? archive.find({"y", "target", "labels", "y_train"}) : named;
  const int weight = request.weight.empty() ? weights_of(archive, target) : archive.find({request.weight});
  ReadRequest files = request;
  if (target >= 0) {
    data.labels = archive.labels(target, request.range, data.rows);
    files.target.clear();
  } else if (request.target.empty() && request.need_target) {
    throw ConfigError(
        fmt::format("{} has the arrays {}; want y or target, or data.{} naming an array or a file of "
                    "labels",
                    request.path, fmt::join(archive.names(), ", "), request.target_key));
  }
  if (weight >= 0) {
    set_weights(archive.labels(weight, request.range, data.rows), archive.full_name(weight), data);
    files.weight.clear();
  }
  read_companions(files, data);
  return data;
}

Claim claim_npy(std::string_view head, std::string_view) {
  return is_npy(head) ? Claim::by_magic : Claim::none;
}

Claim claim_npz(std::string_view head, std::string_view) {
  return is_zip(head) ? Claim::by_magic : Claim::none;
}

}  // namespace

extern const Reader npy_reader, npz_reader;
const Reader npy_reader{DataFormat::npy, {".npy"}, &claim_npy, &read_npy};
const Reader npz_reader{DataFormat::npz, {".npz"}, &claim_npz, &read_npz};

}  // namespace thalweg
