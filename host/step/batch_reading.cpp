#include "host/step/batch_reading.hpp"

#include <algorithm>
#include <cstring>

#include "host/data/feature_rows.hpp"

namespace thalweg {
namespace {

/// A part is long beside its start, and short beside a batch that several threads should share.
constexpr std::int64_t kPartBytes = 32 << 10;

template <class T>
void copy_row(const std::vector<T>& from, std::int64_t at, std::vector<T>& to, std::int64_t position,
              std::int64_t features) {
  std::memcpy(to.data() + position * features, from.data() + at * features,
              static_cast<std::size_t>(features) * sizeof(T));
}

}  // namespace

void BatchReading::start(const std::vector<std::int64_t>& rows) {
  const auto count = std::ssize(rows);
  wanted_.clear();
  for (std::int64_t n = 0; n < count; ++n) wanted_.push_back({rows[static_cast<std::size_t>(n)], n, 0});
  std::sort(wanted_.begin(), wanted_.end(), [](const Wanted& a, const Wanted& b) { return a.row < b.row; });
  part_rows_ = std::max<std::int64_t>(kPartBytes / std::max<std::int64_t>(form_.row_bytes(), 1), 1);
  if (std::ssize(read_) < parts()) read_.resize(static_cast<std::size_t>(parts()));
  features_.rows = count;
  if (form_.sparse) return;
  const auto values = static_cast<std::size_t>(count * form_.features);
  if (form_.dtype == DType::u8) {
    features_.u8.resize(values);
  } else {
    features_.f32.resize(values);
  }
}

std::int64_t BatchReading::parts() const { return (std::ssize(wanted_) + part_rows_ - 1) / part_rows_; }

std::int64_t BatchReading::part_end(std::int64_t part) const {
  return std::min((part + 1) * part_rows_, std::ssize(wanted_));
}

void BatchReading::read(std::int64_t part, const RowStore& from) {
  FeatureRows& rows = read_[static_cast<std::size_t>(part)];
  rows.clear();
  std::int64_t before = 0;  // sparse rows of the part so far
  const std::int64_t end = part_end(part);
  for (std::int64_t begin = part * part_rows_, next = begin; begin < end; begin = next) {
    const std::int64_t first = wanted_[static_cast<std::size_t>(begin)].row;
    std::int64_t last = first;  // a list may name a row twice
    for (; next < end && wanted_[static_cast<std::size_t>(next)].row <= last + 1; ++next)
      last = wanted_[static_cast<std::size_t>(next)].row;
    if (!form_.sparse) rows.clear();
    from.read(first, last - first + 1, rows);
    for (std::int64_t i = begin; i < next; ++i) {
      Wanted& wanted = wanted_[static_cast<std::size_t>(i)];
      wanted.at = before + wanted.row - first;
      if (!form_.sparse) copy_dense(rows, wanted);
    }
    if (form_.sparse) before += last - first + 1;
  }
}

void BatchReading::copy_dense(const FeatureRows& run, const Wanted& wanted) {
  if (form_.dtype == DType::u8) {
    copy_row(run.u8, wanted.at, features_.u8, wanted.position, form_.features);
  } else {
    copy_row(run.f32, wanted.at, features_.f32, wanted.position, form_.features);
  }
}

/// Where a sparse row begins depends on the rows before it, which other threads read.
void BatchReading::finish() {
  if (!form_.sparse) return;
  features_.clear();
  order_.resize(wanted_.size());
  for (std::size_t i = 0; i < wanted_.size(); ++i)
    order_[static_cast<std::size_t>(wanted_[i].position)] = static_cast<std::int64_t>(i);
  for (const std::int64_t i : order_)
    append_rows(read_[static_cast<std::size_t>(i / part_rows_)], wanted_[static_cast<std::size_t>(i)].at, 1,
                features_);
}

}  // namespace thalweg
