#include "host/data/block_order.hpp"

#include <algorithm>
#include <array>

#include "host/data/order.hpp"
#include "kernels/base/philox.hpp"
#include "kernels/order/order_math.hpp"

namespace thalweg {
namespace {

std::uint32_t low(std::uint64_t word) { return static_cast<std::uint32_t>(word); }
std::uint32_t high(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }

Feistel network_of_blocks(std::int64_t blocks, std::uint64_t seed, std::uint64_t epoch) {
  return feistel_network(blocks, philox_key(seed, RandomPurpose::block_order),
                         {{0, 0, low(epoch), high(epoch)}});
}

}  // namespace

BlockedEpoch::BlockedEpoch(const EpochBatches& batches, std::int64_t epoch)
    : rows_(batches.rows().size()),
      block_rows_(std::min(batches.block_order().block_rows, rows_)),
      batch_size_(batches.batch_size()),
      slices_(static_cast<int>(batches.block_order().slices)),
      seed_(batches.seed()),
      epoch_(static_cast<std::uint64_t>(epoch)) {
  const std::int64_t blocks = (rows_ + block_rows_ - 1) / block_rows_;
  window_rows_ = std::min(batches.block_order().window_blocks, blocks) * block_rows_;
  full_batches_ = rows_ / batch_size_;
  short_batch_ = batches.batches_per_epoch() > full_batches_ ? rows_ % batch_size_ : 0;
  blocks_ = network_of_blocks(blocks, seed_, epoch_);
  short_slot_ = feistel_position(blocks_, blocks - 1);
  short_gap_ = blocks * block_rows_ - rows_;
}

BatchSlices BlockedEpoch::slices_of(std::int64_t batch) const {
  return whole_batch(batch < full_batches_ ? batch_size_ : short_batch_, slices_);
}

/// Position of the slice's first row in the sequence of blocks: a slice has its rows of all batches together.
std::int64_t BlockedEpoch::slice_begin(int slice) const {
  return full_batches_ * slices_of(0).begin(slice) + slices_of(full_batches_).begin(slice);
}

BlockedEpoch::Window BlockedEpoch::window_at(int slice, std::int64_t window) const {
  const std::int64_t first = slice_begin(slice) + window * window_rows_;
  const std::int64_t count = std::min(window_rows_, slice_begin(slice + 1) - first);
  const auto number = static_cast<std::uint64_t>(window);
  const std::uint32_t place = 4 * static_cast<std::uint32_t>(slice) + (high(number) << 16);
  return {first, count,
          feistel_network(count, philox_key(seed_, RandomPurpose::window_order),
                          {{place, low(number), low(epoch_), high(epoch_)}})};
}

void BlockedEpoch::fill(std::int64_t batch, std::int64_t* indices) const {
  const BatchSlices full = slices_of(0), here = slices_of(batch);
  for (int slice = 0; slice < slices_; ++slice) {
    fill_slice(slice, batch * (full.begin(slice + 1) - full.begin(slice)),
               here.begin(slice + 1) - here.begin(slice), indices + here.begin(slice));
  }
  indices_at(indices, here.batch_rows);
}

/// Positions in the sequence of blocks of the slice's rows first .. first + count.
void BlockedEpoch::fill_slice(int slice, std::int64_t first, std::int64_t count,
                              std::int64_t* positions) const {
  while (count > 0) {
    const Window window = window_at(slice, first / window_rows_);
    const std::int64_t begin = first % window_rows_, here = std::min(count, window.count - begin);
    feistel_rows(window.network, begin, here, positions);
    for (std::int64_t i = 0; i < here; ++i) positions[i] += window.first;  // mutant: window-begin
    first += here, count -= here, positions += here;
  }
}

/// Behind the short block all others begin earlier by what it lacks.
BlockedEpoch::BlockPlace BlockedEpoch::place_of(std::int64_t position) const {
  // mutant: short-block
  if (position >= (short_slot_ + 1) * block_rows_ - short_gap_) position += short_gap_;
  return {position / block_rows_, position % block_rows_};
}

/// Turns positions in the sequence of blocks into indices.
void BlockedEpoch::indices_at(std::int64_t* positions, std::int64_t count) const {
  constexpr std::int64_t kAtOnce = 256;
  std::array<std::int64_t, kAtOnce> blocks, offsets;
  for (std::int64_t done = 0; done < count; done += kAtOnce) {
    const std::int64_t here = std::min(kAtOnce, count - done);
    for (std::int64_t i = 0; i < here; ++i) {
      const BlockPlace place = place_of(positions[done + i]);
      blocks[static_cast<std::size_t>(i)] = place.slot;
      offsets[static_cast<std::size_t>(i)] = place.offset;
    }
    feistel_rows_at(blocks_, here, blocks.data());
    for (std::size_t i = 0; i < static_cast<std::size_t>(here); ++i)
      positions[done + static_cast<std::int64_t>(i)] = blocks[i] * block_rows_ + offsets[i];
  }
}

}  // namespace thalweg
