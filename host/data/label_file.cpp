// Labels and weights in a file of their own: npy, IDX, or text with one per line.
#include <fmt/format.h>

#include "host/data/array_reader.hpp"
#include "host/data/first_bytes.hpp"
#include "host/data/foreign_formats.hpp"
#include "host/data/label_text.hpp"
#include "host/data/labels.hpp"
#include "host/data/test_data.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

void require_same_rows(const std::string& path, std::int64_t got, const RawData& data) {
  if (got == data.rows) return;
  throw DataError(fmt::format("{} has {} rows; want {}, as many as {}{}", path, got, data.rows, data.source,
                              got == data.rows + 1 ? " (data.header = \"yes\" if line 1 is a name)" : ""));
}

void read_weight_file(const ReadRequest& request, RawData& data) {
  const std::string& path = request.weight;
  const LabelColumn column = read_label_file(request, path);
  set_weights(column, path, data);
  require_same_rows(path, std::ssize(data.weight), data);
}

}  // namespace

LabelColumn read_label_file(const ReadRequest& request, const std::string& path) {
  auto [head, source] = peek(open_file(path, request.progress), 8);
  refuse_foreign_bytes(path, head);
  if (is_zip(head))
    throw DataError(
        fmt::format("{} is an npz archive; want a file of one label per row (npy, IDX or text)", path));
  if (!is_npy(head) && !is_idx(head)) {
    if (head.find('\0') != std::string::npos)
      throw DataError(
          fmt::format("{} is binary and neither npy nor IDX; want one of these or one label per line", path));
    return read_label_text(request, path, std::move(source));
  }
  const ArrayHeader header = is_npy(head) ? read_npy_header(*source, path) : read_idx_header(*source, path);
  LabelColumn labels =
      read_label_array(*source, header, request.range, path, MissingTexts(request.config.missing));
  labels.are_classes = is_idx(head) && header.kind != 'f';
  return labels;
}

void read_companions(const ReadRequest& request, RawData& data) {
  if (!request.target.empty()) {
    data.labels = read_label_file(request, request.target);
    require_same_rows(request.target, data.labels.rows(), data);
  }
  // A file of weights belongs to the training rows.
  // mutant: weights-in-training
  if (request.for_training && !request.weight.empty() && data.weight.empty()) read_weight_file(request, data);
}

void read_test_weights(const ReadRequest& request, WeightFile weights, RawData& data) {
  const bool missing = !request.weight.empty() && data.weight.empty();
  if (request.for_training || !request.need_target || !missing) return;
  if (weights == WeightFile::of_these_rows) return read_weight_file(request, data);
  data.notes.push_back(fmt::format("{}: every row has weight 1; data.weight = {} is of the rows to train on",
                                   request.name(), request.weight));
}

}  // namespace thalweg
