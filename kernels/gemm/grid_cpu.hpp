#pragma once
// How a matrix product is cut into tasks. The output is a grid of row blocks (of at most kTileRows broadcast
// rows) by panels. A task owns one row block of a group of panels. No output is shared, and no cut changes a
// chain.
#include <cstdint>

#include "kernels/base/parallel.hpp"
#include "kernels/gemm/pack_cpu.hpp"

namespace thalweg::THALWEG_ISA {

/// Panels of a group should stay in the second-level cache while row blocks pass over them.
constexpr std::int64_t kGroupBytes = 512 * 1024;
/// Tasks per thread that even out the ends.
constexpr std::int64_t kTasksPerThread = 6;

struct Grid {
  std::int64_t rows, cols, depth;  ///< rows and columns of the output, length of its chains
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
  g.group = smaller(g.group, ceil_div(g.panels, threads));
  g.groups = ceil_div(g.panels, g.group);
  return g;
}

/// A tile of the output, and what comes after it on the same thread.
struct TilePlace {
  std::int64_t row, col;
  int rows, vecs;
  std::int64_t lanes;               ///< columns of the tile, at most vecs * kLanes
  std::int64_t number;              ///< within its task
  std::int64_t next_row, next_col;  ///< first row and column of the next tile
  std::int64_t next_task_row;       ///< first row of the next task
};

/// The task that the thread is likely to take next: the caller goes through them from the first, other
/// threads from the last (kernels/base/parallel.hpp). Itself when there is none.
THALWEG_HD std::int64_t next_task(const Grid& g, std::int64_t task, int thread) {
  const std::int64_t next = thread == 0 ? task + 1 : task - 1;
  return next < 0 || next == g.tasks() ? task : next;
}

/// tile(place) for every tile of the task, in an order that reuses the row block.
template <class Tile>
THALWEG_HD void for_each_tile(const Grid& g, std::int64_t task, int thread, const Tile& tile) {
  const std::int64_t block = task % g.row_blocks, group = task / g.row_blocks;
  const std::int64_t next = next_task(g, task, thread);
  const std::int64_t first = group * g.group, last = smaller(g.panels, first + g.group);
  TilePlace p{};
  p.row = g.row_begin(block);
  p.rows = static_cast<int>(g.row_begin(block + 1) - p.row);
  p.next_task_row = g.row_begin(next % g.row_blocks);
  for (; p.number < last - first; ++p.number) {
    p.col = (first + p.number) * kPanel;
    p.lanes = smaller(kPanel, g.cols - p.col);
    p.vecs = p.lanes > kLanes ? 2 : 1;
    const bool ends = first + p.number + 1 == last;
    p.next_row = ends ? p.next_task_row : p.row;
    p.next_col = ends ? next / g.row_blocks * g.group * kPanel : p.col + kPanel;
    tile(p);
  }
}

/// A tile function for each shape, picked at run time: Job::run<kRows, kVecs>(place).
template <class Job>
struct TileTable {
  using Function = void (*)(const Job&, const TilePlace&);

  template <int kRows, int kVecs>
  static void call(const Job& job, const TilePlace& place) {
    job.template run<kRows, kVecs>(place);
  }
  template <int kVecs, int... r>
  static void pick(const Job& job, const TilePlace& place, std::integer_sequence<int, r...>) {
    static constexpr Function kFunctions[] = {&call<r + 1, kVecs>...};
    kFunctions[place.rows - 1](job, place);
  }
  static void run(const Job& job, const TilePlace& place) {
    using Rows = std::make_integer_sequence<int, kTileRows>;
    place.vecs == 2 ? pick<2>(job, place, Rows{}) : pick<1>(job, place, Rows{});
  }
};

/// after(block) follows one of the tasks of each row block.
template <class Job, class After>
void run_product(ThreadPool& pool, const Grid& grid, const Job& job, const After& after) {
  pool.run(grid.tasks(), [&](std::int64_t task, int thread) {
    for_each_tile(grid, task, thread, [&](const TilePlace& place) { TileTable<Job>::run(job, place); });
    const std::int64_t block = task % grid.row_blocks;
    if (task / grid.row_blocks == block % grid.groups) after(block);
  });
}

template <class Job>
void run_product(ThreadPool& pool, const Grid& grid, const Job& job) {
  run_product(pool, grid, job, [](std::int64_t) {});
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

/// Packs panels of columns: pack(share, begin, end) for rows [begin, end) of a share of the panels. A thread
/// packs mostly those that it reads later: panels in another core's cache are slow to read and to write.
template <class Pack>
void run_row_packing(ThreadPool& pool, std::int64_t rows, const Pack& pack) {
  const std::int64_t shares = pool.threads(), chunks = ceil_div(rows, kPackTaskRows);
  pool.run(shares * chunks, [&](std::int64_t task, int) {
    const std::int64_t begin = task % chunks * kPackTaskRows;
    pack(Share{task / chunks, shares}, begin, smaller(rows, begin + kPackTaskRows));
  });
}

}  // namespace thalweg::THALWEG_ISA
