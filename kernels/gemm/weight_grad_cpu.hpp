#pragma once
// The weight gradient: a matrix product whose k is the batch, cut into slices (kernels/base/slices.hpp).
// A tile keeps the tree's pending partial sums on a small stack in the first-level cache, like the carries of
// a binary counter, so partial matrices never reach memory when a call brings the whole batch.
#include <cstdint>

#include "kernels/base/slice_tree_cpu.hpp"
#include "kernels/base/slices.hpp"
#include "kernels/gemm/products_cpu.hpp"

namespace thalweg::THALWEG_ISA {

/// The state of a slice's chain at a call.
enum class SliceState {
  untouched,  ///< this call brings no row of it: an earlier one did, or a later one will
  empty,      ///< the slice has no rows at all
  begins,     ///< its first row is in this call
  continues,  ///< an earlier call has left its chain in the partials
};

THALWEG_HD SliceState slice_state(const BatchSlices& s, int slice) {
  if (s.begin(slice) == s.begin(slice + 1)) return SliceState::empty;
  if (s.call_begin(slice) == s.call_end(slice)) return SliceState::untouched;
  return s.continues(slice) ? SliceState::continues : SliceState::begins;
}

/// The work of a call for each slice, computed once: tiles are too short for its divisions.
struct SliceTable {
  struct Entry {
    std::int64_t begin, depth;  ///< rows of the slice within the call
    bool loads;                 ///< the chain starts from the partials
    bool stores;                ///< the chain goes back to the partials
  };
  Entry entry[kMaxSlices];
  int slices;
  SliceFinish finish;
};

inline SliceTable make_slice_table(const BatchSlices& s) {
  SliceTable t;
  t.slices = s.slices;
  t.finish = s.finish();
  const bool finishes = t.finish == SliceFinish::here;
  for (int i = 0; i < s.slices; ++i) {
    const SliceState state = slice_state(s, i);
    const bool touched = state == SliceState::begins || state == SliceState::continues;
    t.entry[i] = {.begin = s.call_begin(i),
                  .depth = s.call_end(i) - s.call_begin(i),
                  // mutant: untouched-loaded
                  .loads = state == SliceState::continues || (state == SliceState::untouched && finishes),
                  .stores = touched && !finishes};
  }
  return t;
}

/// Element `at` of a slice's chain between calls; null when the call brings the whole batch.
THALWEG_HD float* partial_of(const BatchSum& sum, int slice, std::int64_t at) {
  return sum.partials == nullptr ? nullptr : sum.chain(slice) + at;
}

template <int kRows, int kVecs>
struct SumTile : Tile<kRows, kVecs> {
  THALWEG_HD void add(const SumTile& left) {
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVecs; ++v) this->acc[r][v] = left.acc[r][v] + this->acc[r][v];
    }
  }
};

template <int kRows, int kVecs>
THALWEG_HD void load_tile(Tile<kRows, kVecs>& t, const float* from, std::int64_t stride, std::int64_t cols) {
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVecs; ++v)
      t.acc[r][v] = load_first(from + r * stride + v * kLanes, smaller(kLanes, cols - v * kLanes));
  }
}

/// Floats between two samples of a packed row block of grad_output: a cache line on the widest registers.
constexpr std::int64_t kBlockStride = (kTileRows + kLanes - 1) / kLanes * kLanes;

/// A share of the row blocks of grad_output for samples [begin, end): block b is at blocks + b *
/// block_stride, and block[n][r] = grad_output[n, row_begin(b) + r].
inline void pack_blocks(const ConstMatrix& grad_output, const Grid& grid, const Share& share,
                        std::int64_t begin, std::int64_t end, float* blocks, std::int64_t block_stride) {
  for (std::int64_t first = begin; first < end; first += kPackRows) {
    const std::int64_t last = smaller(end, first + kPackRows);
    for (std::int64_t block = share.begin(grid.row_blocks); block < share.end(grid.row_blocks); ++block) {
      const std::int64_t row = grid.row_begin(block), count = grid.row_begin(block + 1) - row;
      for (std::int64_t n = first; n < last; ++n) {
        const float* from = grad_output.data + n * grad_output.stride + row;
        float* to = blocks + block * block_stride + n * kBlockStride;
        for (std::int64_t r = 0; r < kBlockStride; r += kLanes)
          store(to + r, load_first(from + r, larger(0, smaller(kLanes, count - r))));
      }
    }
  }
}

/// The operands of the weight gradient, packed, because the tiles of many row blocks read them again.
struct PackedOperands {
  const float* blocks;  // [row block][rows][kBlockStride]
  const float* panels;  // [panel][rows][kPanel]
  std::int64_t rows, outputs, row_blocks;

  /// The operands of one tile.
  struct Here {
    const float *a, *b;

    /// Continues the chains of `t` by the samples [begin, begin + depth).
    template <int kRows, int kVecs>
    THALWEG_HD void multiply(Tile<kRows, kVecs>& t, std::int64_t begin, std::int64_t depth,
                             Ahead<true>& ahead) const {
      multiply_down_columns(t, a + begin * kBlockStride, kBlockStride, b + begin * kPanel, depth, ahead);
    }
  };
  THALWEG_HD Here at(const TilePlace& place) const { return {block(place.row), panels + place.col * rows}; }

  /// grad_output of sample n, outputs [o, o + count) of the block that starts at `begin`.
  THALWEG_HD Vec gradients(std::int64_t n, std::int64_t begin, std::int64_t o, std::int64_t) const {
    return load(block(begin) + n * kBlockStride + (o - begin));
  }

 private:
  /// The block that starts at output `row`: its number is Grid::row_begin read backwards.
  THALWEG_HD const float* block(std::int64_t row) const {
    return blocks + ceil_div(row * row_blocks, outputs) * rows * kBlockStride;
  }
};

/// The operands where they lie: so few outputs that one row block holds them, and rows that need no
/// conversion. Each element of them is then read once, and packing would cost more than the product.
struct PlainOperands {
  ConstMatrix grad_output;
  const float* input;
  std::int64_t stride;
  const std::int64_t* ids;

  static bool serve(const Grid& grid, const DenseRows& input) {
    return grid.row_blocks == 1 && input.dtype == DType::f32 && input.scale == nullptr;
  }

  struct Here {
    const PlainOperands& all;
    std::int64_t col, lanes;

    template <int kRows, int kVecs>
    THALWEG_HD void multiply(Tile<kRows, kVecs>& t, std::int64_t begin, std::int64_t depth,
                             Ahead<true>&) const {
      const std::int64_t last = all.grad_output.rows - 1;
      for (std::int64_t n = begin; n < begin + depth; ++n) {
        const float* next = row(smaller(n + kPrefetchDepth, last));
        __builtin_prefetch(next);
        __builtin_prefetch(next + kLineFloats);
        const float* g = all.grad_output.data + n * all.grad_output.stride;
        const auto element = [&](int r) __attribute__((always_inline)) { return g + r; };
        tile_step(t, row(n), lanes, element);
      }
    }

    THALWEG_HD const float* row(std::int64_t n) const {
      return all.input + (all.ids ? all.ids[n] : n) * all.stride + col;
    }
  };
  THALWEG_HD Here at(const TilePlace& place) const { return {*this, place.col, place.lanes}; }

  THALWEG_HD Vec gradients(std::int64_t n, std::int64_t, std::int64_t o, std::int64_t count) const {
    return load_first(grad_output.row(n) + o, count);
  }
};

/// Tile of grad_weight[o, i]: rows are outputs (columns of grad_output), columns are features of a panel
/// [sample][feature].
template <class Operands>
struct WeightGradJob {
  Operands operands;
  std::int64_t features;
  const SliceTable* slices;
  BatchSum grad_weight;

  template <int kRows, int kVecs>
  void run(const TilePlace& place) const {
    const std::int64_t at = place.row * features + place.col, cols = features - place.col;
    Ahead<true> next_outputs(grad_weight.sum + place.next_row * features + place.next_col, features);
    const auto here = operands.at(place);
    SliceCounter<SumTile<kRows, kVecs>> counter(slices->slices);
    for (int s = 0; s < slices->slices; ++s) {
      const SliceTable::Entry e = slices->entry[s];
      float* partial = partial_of(grad_weight, s, at);
      SumTile<kRows, kVecs> t{};
      if (e.loads) load_tile(t, partial, features, cols);  // mutant: weight-loaded
      here.multiply(t, e.begin, e.depth, next_outputs);
      if (e.stores) store_tile(t, partial, features, cols);  // mutant: weight-stored
      if (slices->finish == SliceFinish::later) continue;
      if (counter.push(t)) store_tile(t, grad_weight.sum + at, features, cols);
    }
  }
};

struct SumVec {
  Vec acc;
  THALWEG_HD void add(const SumVec& left) { acc = left.acc + acc; }
};

/// grad_bias of the row block of outputs [begin, end): plain sums of their gradients.
template <class Operands>
inline void bias_sums(const Operands& operands, const SliceTable& slices, const BatchSum& to,
                      std::int64_t begin, std::int64_t end) {
  for (std::int64_t o = begin; o < end; o += kLanes) {
    const std::int64_t count = smaller(kLanes, end - o);
    SliceCounter<SumVec> counter(slices.slices);
    for (int s = 0; s < slices.slices; ++s) {
      const SliceTable::Entry e = slices.entry[s];
      float* partial = partial_of(to, s, o);
      SumVec t{};
      if (e.loads) t.acc = load_first(partial, count);  // mutant: bias-loaded
      for (std::int64_t n = e.begin; n < e.begin + e.depth; ++n)
        t.acc = t.acc + operands.gradients(n, begin, o, count);  // mutant: bias-row-order
      if (e.stores) store_first(partial, t.acc, count);
      if (slices.finish == SliceFinish::later) continue;
      if (counter.push(t)) store_first(to.sum + o, t.acc, count);
    }
  }
}

}  // namespace thalweg::THALWEG_ISA
