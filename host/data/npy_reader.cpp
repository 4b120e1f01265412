// npy files, and npz archives of them: features as X, data or the first array of two dimensions, labels as y
// or target.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/data/array_reader.hpp"
#include "host/data/first_bytes.hpp"
#include "host/data/readers.hpp"
#include "host/data/text.hpp"
#include "host/data/zip.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

class NpzArchive {
 public:
  explicit NpzArchive(std::shared_ptr<const InputFile> file)
      : path_(file->path()), file_(std::move(file)), members_(list_zip(*file_)) {
    for (const ZipMember& member : members_) names_.push_back(array_name(member.name));
  }

  const std::vector<std::string>& names() const { return names_; }
  std::string full_name(int index) const { return path_ + ":" + names_[static_cast<std::size_t>(index)]; }

  /// Index of the first of these names that is there, else -1.
  int find(std::initializer_list<std::string> wanted) const {
    for (const std::string& name : wanted)
      for (std::size_t i = 0; i < names_.size(); ++i)
        if (names_[i] == name) return static_cast<int>(i);
    return -1;
  }

  std::unique_ptr<ByteSource> open(int index, ArrayHeader& header) const {
    auto source = open_zip_member(file_, members_[static_cast<std::size_t>(index)]);
    header = read_npy_header(*source, full_name(index));
    return source;
  }

  int features() const {
    if (const int named = find({"X", "data", "x", "x_train", "X_train"}); named >= 0) return named;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      ArrayHeader header;
      open(static_cast<int>(i), header);
      if (header.shape.size() >= 2) return static_cast<int>(i);
    }
    throw DataError(fmt::format("{} has the arrays {}; want X or data, or any array of two dimensions", path_,
                                fmt::join(names_, ", ")));
  }

  LabelColumn labels(int index, const RowRange& range, std::int64_t rows) const {
    ArrayHeader header;
    const auto source = open(index, header);
    LabelColumn column = read_label_array(*source, header, range, full_name(index));
    if (column.rows() != rows)
      throw DataError(fmt::format("{} has {} rows; want {}, as many as the features", full_name(index),
                                  column.rows(), rows));
    return column;
  }

 private:
  static std::string array_name(const std::string& member) {
    return member.ends_with(".npy") ? member.substr(0, member.size() - 4) : member;
  }

  std::string path_;
  std::shared_ptr<const InputFile> file_;
  std::vector<ZipMember> members_;
  std::vector<std::string> names_;
};

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

RawData read_npz(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  const NpzArchive archive(source->file());
  const int features = archive.features();
  RawData data;
  ArrayHeader header;
  const auto array = archive.open(features, header);
  data.source = archive.full_name(features);
  read_feature_array(*array, header, request, data);

  // data.target and data.test_target name an array of the archive or a file.
  const std::string& name = request.target.empty() ? request.config.target : request.target;
  const int named = archive.find({name});
  const int target =
      named < 0 && request.target.empty() ? archive.find({"y", "target", "labels", "y_train"}) : named;
  const int weight = request.weight.empty() ? archive.find({"sample_weight", "weights", "weight", "w"})
                                            : archive.find({request.weight});
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
    const LabelColumn column = archive.labels(weight, request.range, data.rows);
    data.weight.assign(column.numbers.begin(), column.numbers.end());
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
