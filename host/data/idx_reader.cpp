// IDX, the format of MNIST: images in one file, labels in another, either gzipped or not.
#include <fmt/format.h>
#include <sys/stat.h>

#include "host/data/array_reader.hpp"
#include "host/data/first_bytes.hpp"
#include "host/data/readers.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The usual name of the labels beside a file of images, if there is such a file.
std::string labels_beside(const std::string& images) {
  const std::size_t at = images.rfind("images-idx3");
  if (at == std::string::npos) return "";
  std::string labels = images;
  labels.replace(at, 11, "labels-idx1");
  struct stat info {};
  return ::stat(labels.c_str(), &info) == 0 ? fmt::format("; did you mean \"{}\"?", labels) : "";
}

RawData read_idx(const ReadRequest& request, std::unique_ptr<ByteSource> source) {
  if (request.target.empty() && request.need_target)
    throw ConfigError(fmt::format("data.{} is empty: IDX images need the file of their labels{}",
                                  request.target_key, labels_beside(request.path)));
  return read_array_file(*source, read_idx_header(*source, request.path), request);
}

Claim claim_idx(std::string_view head, std::string_view) {
  return is_idx(head) ? Claim::by_magic : Claim::none;
}

}  // namespace

extern const Reader idx_reader;
const Reader idx_reader{DataFormat::idx, {".idx", "-ubyte"}, &claim_idx, &read_idx};

}  // namespace thalweg
