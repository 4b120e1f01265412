// sort_pairs: stable least-significant-digit radix sort, 8 bits a pass.
// math         pairs in the order of their keys; equal keys in the order they had
// shapes       keys u32, values i32, [length]; counters i32 [digits, tiles], digit-major
// bytes        per pass reads 12 and writes 8 per pair, and 4 x 256 counters per tile four times
// launch       per pass: 256 threads per tile of 1024 pairs to count and to move, and a prefix sum between
// determinism  integers only; a pair's place is a count of those before it
// contract     fewer than 2^31 pairs; the length is read on the device, grids follow the capacity
//
// prefix_sums: exclusive sums of integers in tiles, then over the tiles.
// launch       256 threads per tile of 1024; one block of 256 threads over the tiles
#include "kernels/base/sort_cuda.cuh"

namespace thalweg::cuda {
namespace {

constexpr int kDigitBits = 8;
constexpr int kWarps = kSortThreads / kWarp;
constexpr int kRounds = kSortTile / kSortThreads;  ///< times that a warp takes 32 neighbours of its tile
constexpr int kScanThreads = 256;

__device__ __forceinline__ std::int32_t device_tiles(std::int32_t length) {
  return (length + (kSortTile - 1)) / kSortTile;
}

/// How many numbers are to be scanned: `times` per `per` elements.
struct ScanLength {
  DeviceLength length;
  std::int32_t per, times;

  __device__ __forceinline__ std::int32_t get() const { return (length.get() + (per - 1)) / per * times; }
};

__device__ __forceinline__ int digit_of(std::uint32_t key, int shift) {
  return static_cast<int>(key >> shift) & (kDigits - 1);
}

__global__ void __launch_bounds__(kSortThreads)
    count_digits_kernel(const std::uint32_t* __restrict__ keys, DeviceLength pairs, int shift,
                        std::int32_t* __restrict__ counters) {
  SHARED(count, int[kDigits]);
  const std::int32_t length = pairs.get(), tiles = device_tiles(length);
  const auto tile = static_cast<std::int32_t>(blockIdx.x);
  if (tile >= tiles) return;
  const int t = static_cast<int>(threadIdx.x);
  count[t] = 0;
  __syncthreads();
  for (int r = 0; r < kRounds; ++r) {
    const std::int32_t at = tile * kSortTile + r * kSortThreads + t;
    if (at < length) atomicAdd(&count[digit_of(keys[at], shift)], 1);
  }
  __syncthreads();
  counters[std::int64_t{t} * tiles + tile] = count[t];
}

/// Each warp takes 128 neighbours, 32 at a time; a pair's place is the first place of its digit in this tile,
/// plus those of the warps before, plus those that its own warp has met before it.
__global__ void __launch_bounds__(kSortThreads)
    move_pairs_kernel(Pairs from, Pairs to, DeviceLength pairs, int shift,
                      const std::int32_t* __restrict__ counters, const std::int32_t* __restrict__ totals) {
  SHARED(place, int[kWarps][kDigits]);
  const std::int32_t length = pairs.get(), tiles = device_tiles(length);
  const auto tile = static_cast<std::int32_t>(blockIdx.x);
  if (tile >= tiles) return;
  const int t = static_cast<int>(threadIdx.x), warp = warp_index();
#pragma unroll
  for (int w = 0; w < kWarps; ++w) place[w][t] = 0;
  __syncthreads();
  const std::int32_t first = tile * kSortTile + warp * kRounds * kWarp + lane_index();
  const unsigned below = (1u << lane_index()) - 1u;
  std::uint32_t key[kRounds];
  int rank[kRounds];
#pragma unroll
  for (int r = 0; r < kRounds; ++r) {
    const bool valid = first + r * kWarp < length;
    key[r] = valid ? from.keys[first + r * kWarp] : 0;
    const int digit = digit_of(key[r], shift);
    const unsigned same = __match_any_sync(kAllLanes, valid ? digit : -1);
    rank[r] = place[warp][digit] + __popc(same & below);
    __syncwarp();
    if (valid && (same & below) == 0) place[warp][digit] += __popc(same);
    __syncwarp();
  }
  __syncthreads();
  const std::int64_t counter = std::int64_t{t} * tiles + tile;
  int begin = counters[counter] + totals[counter / kSortTile];
#pragma unroll
  for (int w = 0; w < kWarps; ++w) {
    const int mine = place[w][t];
    place[w][t] = begin;
    begin += mine;
  }
  __syncthreads();
#pragma unroll
  for (int r = 0; r < kRounds; ++r) {
    if (first + r * kWarp >= length) continue;
    const int at = place[warp][digit_of(key[r], shift)] + rank[r];
    to.keys[at] = key[r];
    to.values[at] = from.values[first + r * kWarp];
  }
}

__global__ void __launch_bounds__(kSortThreads)
    scan_tiles_kernel(std::int32_t* __restrict__ numbers, ScanLength scan,
                      std::int32_t* __restrict__ totals) {
  const std::int32_t length = scan.get();
  const auto tile = static_cast<std::int32_t>(blockIdx.x);
  if (tile >= device_tiles(length)) return;
  const std::int32_t first = tile * kSortTile + static_cast<int>(threadIdx.x) * kRounds;
  std::int32_t number[kRounds], sum = 0;
#pragma unroll
  for (int r = 0; r < kRounds; ++r) {
    number[r] = first + r < length ? numbers[first + r] : 0;
    sum += number[r];
  }
  std::int32_t all = 0;
  std::int32_t before = sum_before<kSortThreads>(sum, all);
#pragma unroll
  for (int r = 0; r < kRounds; ++r) {
    if (first + r < length) numbers[first + r] = before;
    before += number[r];
  }
  if (threadIdx.x == 0) totals[tile] = all;
}

__global__ void __launch_bounds__(kScanThreads)
    scan_totals_kernel(std::int32_t* __restrict__ totals, ScanLength scan, std::int64_t* __restrict__ all) {
  const std::int32_t tiles = device_tiles(scan.get());
  std::int32_t done = 0;
  for (std::int32_t first = 0; first < tiles; first += kScanThreads) {
    const std::int32_t i = first + static_cast<std::int32_t>(threadIdx.x);
    std::int32_t sum = 0;
    const std::int32_t before = sum_before<kScanThreads>(i < tiles ? totals[i] : 0, sum);
    if (i < tiles) totals[i] = done + before;
    done += sum;
  }
  if (threadIdx.x == 0 && all != nullptr) *all = done;
}

void scan(const Device& device, std::int32_t* numbers, std::int32_t* totals, const ScanLength& length,
          std::int64_t capacity, std::int64_t* all) {
  launch(device.stream, {blocks_for(capacity, kSortTile), kSortThreads}, "scan_tiles", scan_tiles_kernel,
         numbers, length, totals);
  launch(device.stream, {1, kScanThreads}, "scan_totals", scan_totals_kernel, totals, length, all);
}

}  // namespace

void prefix_sums(const Device& device, std::int32_t* numbers, std::int32_t* totals, DeviceLength length,
                 std::int64_t capacity, std::int64_t* all) {
  scan(device, numbers, totals, {length, 1, 1}, capacity, all);
}

Pairs sort_pairs(const Device& device, Pairs pairs, Pairs spare, std::int32_t* counters, DeviceLength length,
                 std::int64_t capacity, int bits) {
  const std::int64_t tiles = tiles_of(capacity);
  std::int32_t* const totals = counters + tiles * kDigits;
  const LaunchShape shape{static_cast<unsigned>(tiles), kSortThreads};
  for (int shift = 0; shift < bits; shift += kDigitBits) {
    launch(device.stream, shape, "count_digits", count_digits_kernel, pairs.keys, length, shift, counters);
    scan(device, counters, totals, {length, kSortTile, kDigits}, tiles * kDigits, nullptr);
    launch(device.stream, shape, "move_pairs", move_pairs_kernel, pairs, spare, length, shift, counters,
           totals);
    const Pairs moved = spare;
    spare = pairs;
    pairs = moved;
  }
  return pairs;
}

}  // namespace thalweg::cuda
