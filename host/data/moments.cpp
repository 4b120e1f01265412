#include "host/data/moments.hpp"

namespace thalweg {

void Moments::merge(const Moments& block) {
  if (count == 0) {
    *this = block;
    return;
  }
  const auto a = static_cast<double>(count), b = static_cast<double>(block.count);
  for (std::size_t j = 0; j < mean.size(); ++j) {
    const double delta = block.mean[j] - mean[j];
    mean[j] += delta * (b / (a + b));
    squares[j] += block.squares[j] + delta * delta * (a * b / (a + b));  // mutant: moments-merged
  }
  count += block.count;
}

void MomentsOfRows::end_block() {
  all_.merge(block_);
  block_ = Moments(static_cast<std::int64_t>(block_.mean.size()));
}

Moments MomentsOfRows::all() const {
  Moments all = all_;
  all.merge(block_);
  return all;
}

}  // namespace thalweg
