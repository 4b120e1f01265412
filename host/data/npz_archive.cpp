#include "host/data/npz_archive.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "host/data/input_file.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::string array_name(const std::string& member) {
  return member.ends_with(".npy") ? member.substr(0, member.size() - 4) : member;
}

}  // namespace

NpzArchive::NpzArchive(std::shared_ptr<const InputFile> file, const std::vector<std::string>& missing)
    : path_(file->path()), file_(std::move(file)), members_(list_zip(*file_)), missing_(missing) {
  for (const ZipMember& member : members_) names_.push_back(array_name(member.name));
}

int NpzArchive::find(std::initializer_list<std::string> wanted) const {
  for (const std::string& name : wanted)
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (names_[i] == name) return static_cast<int>(i);
  return -1;
}

std::unique_ptr<ByteSource> NpzArchive::open(int index, ArrayHeader& header) const {
  auto source = open_zip_member(file_, members_[static_cast<std::size_t>(index)]);
  header = read_npy_header(*source, full_name(index));
  return source;
}

int NpzArchive::features() const {
  if (const int named = find({"X", "data", "x", "x_train", "X_train"}); named >= 0) return named;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    ArrayHeader header;
    open(static_cast<int>(i), header);
    if (header.shape.size() >= 2) return static_cast<int>(i);
  }
  throw DataError(fmt::format("{} has the arrays {}; want X or data, or any array of two dimensions", path_,
                              fmt::join(names_, ", ")));
}

LabelColumn NpzArchive::column(int index, const RowRange& range) const {
  ArrayHeader header;
  const auto source = open(index, header);
  return read_label_array(*source, header, range, full_name(index), missing_);
}

LabelColumn NpzArchive::labels(int index, const RowRange& range, std::int64_t rows) const {
  LabelColumn labels = column(index, range);
  if (labels.rows() != rows)
    throw DataError(fmt::format("{} has {} rows; want {}, as many as the features", full_name(index),
                                labels.rows(), rows));
  return labels;
}

}  // namespace thalweg
