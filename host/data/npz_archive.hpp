#pragma once
// An npz archive: npy arrays by name.
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "host/data/array_reader.hpp"
#include "host/data/zip.hpp"

namespace thalweg {

class NpzArchive {
 public:
  /// `missing`: texts that a label may not be (data.missing).
  NpzArchive(std::shared_ptr<const InputFile> file, const std::vector<std::string>& missing);

  const std::string& path() const { return path_; }
  const std::vector<std::string>& names() const { return names_; }
  std::string full_name(int index) const { return path_ + ":" + names_[static_cast<std::size_t>(index)]; }

  /// Index of the first of these names that is there, else -1.
  int find(std::initializer_list<std::string> wanted) const;
  std::unique_ptr<ByteSource> open(int index, ArrayHeader& header) const;
  /// The array of features; throws DataError when there is none.
  int features() const;
  /// An array of one value per row.
  LabelColumn column(int index, const RowRange& range) const;
  /// The same; throws DataError when there are not `rows` of them.
  LabelColumn labels(int index, const RowRange& range, std::int64_t rows) const;

 private:
  std::string path_;
  std::shared_ptr<const InputFile> file_;
  std::vector<ZipMember> members_;
  std::vector<std::string> names_;
  MissingTexts missing_;
};

/// Whether scipy's save_npz wrote the archive.
bool is_sparse_npz(const NpzArchive& archive);
/// Its rows, of the format csr, as read_array gives them. Throws DataError for the other formats.
RawData read_sparse_npz(const NpzArchive& archive, const ReadRequest& request, const ReadBeside& beside);

}  // namespace thalweg
