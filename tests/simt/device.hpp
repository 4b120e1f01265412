#pragma once
// The GPU that is played: its limits follow from its architecture (THALWEG_SIMT_SM, 75 to 120; default 90),
// its memory is THALWEG_SIMT_MEMORY bytes (default 16 GiB), and there are THALWEG_SIMT_DEVICES of it (default
// 1).
#include <cstddef>

namespace simt {

struct Gpu {
  int sm;                        ///< 90 is compute capability 9.0
  std::size_t shared_per_block;  ///< with cudaFuncSetAttribute
  std::size_t shared_per_sm;
  int threads_per_sm, blocks_per_sm;
  int multiprocessors;
};

const Gpu& gpu();
std::size_t memory_bytes();
int device_count();
/// The device of the calling thread: a kernel is launched in a stream of it.
int selected_device();
constexpr std::size_t kSharedWithoutAsking = 48 * 1024;
constexpr std::size_t kSharedReserved = 1024;  ///< per block, taken by the system since sm_80

}  // namespace simt
