#pragma once
// How a matrix product is cut into tasks. The output is a grid of row blocks (of at most kTileRows broadcast
// rows) by panels; a task owns one row block of a group of panels, so no output is shared and no cut changes
// a chain.
#include <cstdint>

#include "kernels/common/parallel.hpp"
#include "kernels/linear/gemm_pack.hpp"

namespace thalweg::THALWEG_ISA {

/// Panels of a group should stay in the second-level cache while row blocks pass over them.
constexpr std::int64_t kGroupBytes = 512 * 1024;
/// Tasks per thread that even out the ends.
constexpr std::int64_t kTasksPerThread = 6;

struct Grid {
  std::int64_t rows, cols, depth;  ///< of the output, and the length of its chains
  std::int64_t row_blocks, panels, group, groups;

  /// Equal row blocks rather than full ones and a rest: a short tile runs at a lower rate.
  THALWEG_HD std::int64_t row_begin(std::int64_t block) const { return rows * block / row_blocks; }
  THALWEG_HD std::int64_t tasks() const { return row_blocks * groups; }
};

THALWEG_HD Grid make_grid(std::int64_t rows, std::int64_t cols, std::int64_t depth, int threads) {
  Grid g{rows, cols, depth, ceil_div(rows, kTileRows), ceil_div(cols, kPanel), 1, 0};
  if (g.row_blocks == 0 || g.panels == 0) return g;
  g.group = larger(1, kGroupBytes / (4 * kPanel * larger(1, depth)));
  g.group = smaller(g.group, larger(1, g.row_blocks * g.panels / (kTasksPerThread * threads)));
  g.group = smaller(g.group, g.panels);
  g.groups = ceil_div(g.panels, g.group);
  return g;
}

/// tile(rows, vecs, row, col) for every tile of the task, in an order that reuses the row block.
template <class Tile>
THALWEG_HD void for_each_tile(const Grid& g, std::int64_t task, const Tile& tile) {
  const std::int64_t block = task % g.row_blocks, group = task / g.row_blocks;
  const std::int64_t row = g.row_begin(block), count = g.row_begin(block + 1) - row;
  const std::int64_t last = smaller(g.panels, (group + 1) * g.group);
  for (std::int64_t panel = group * g.group; panel < last; ++panel) {
    const std::int64_t col = panel * kPanel;
    tile(static_cast<int>(count), g.cols - col > kLanes ? 2 : 1, row, col);
  }
}

/// A tile function for each shape, picked at run time: Job::run<kRows, kVecs>(row, col).
template <class Job>
struct TileTable {
  using Function = void (*)(const Job&, std::int64_t row, std::int64_t col);

  template <int kRows, int kVecs>
  static void call(const Job& job, std::int64_t row, std::int64_t col) {
    job.template run<kRows, kVecs>(row, col);
  }
  template <int kVecs, int... r>
  static void pick(const Job& job, int rows, std::int64_t row, std::int64_t col,
                   std::integer_sequence<int, r...>) {
    static constexpr Function kFunctions[] = {&call<r + 1, kVecs>...};
    kFunctions[rows - 1](job, row, col);
  }
  static void run(const Job& job, int rows, int vecs, std::int64_t row, std::int64_t col) {
    using Rows = std::make_integer_sequence<int, kTileRows>;
    vecs == 2 ? pick<2>(job, rows, row, col, Rows{}) : pick<1>(job, rows, row, col, Rows{});
  }
};

template <class Job>
void run_product(ThreadPool& pool, const Grid& grid, const Job& job) {
  pool.run(grid.tasks(), [&](std::int64_t task, int) {
    for_each_tile(grid, task, [&](int rows, int vecs, std::int64_t row, std::int64_t col) {
      TileTable<Job>::run(job, rows, vecs, row, col);
    });
  });
}

/// Depth that one packing task covers: a multiple of kLanes and of kPackRows.
constexpr std::int64_t kPackDepth = 256;
constexpr std::int64_t kPackTaskRows = 32;

/// Packs panels that run along the rows: pack(panel, begin, end) for depth [begin, end).
template <class Pack>
void run_packing(ThreadPool& pool, std::int64_t panels, std::int64_t depth, const Pack& pack) {
  const std::int64_t chunks = ceil_div(depth, kPackDepth);
  pool.run(panels * chunks, [&](std::int64_t task, int) {
    const std::int64_t begin = task % chunks * kPackDepth;
    pack(task / chunks, begin, smaller(depth, begin + kPackDepth));
  });
}

/// Packs panels of columns: pack(begin, end) for rows [begin, end) of all of them.
template <class Pack>
void run_row_packing(ThreadPool& pool, std::int64_t rows, const Pack& pack) {
  pool.run(ceil_div(rows, kPackTaskRows), [&](std::int64_t task, int) {
    const std::int64_t begin = task * kPackTaskRows;
    pack(begin, smaller(rows, begin + kPackTaskRows));
  });
}

}  // namespace thalweg::THALWEG_ISA
