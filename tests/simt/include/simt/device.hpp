#pragma once
// What a CUDA thread asks of the executor. The headers beside this one spell CUDA's names with these calls.
#include <cstddef>
#include <cstdint>

namespace simt {

/// A place in a source file. As a default argument, here() is the place of the outermost call.
struct Site {
  const char* file;
  int line;
};
constexpr Site here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }

enum class Barrier { sync, count, all, any };
/// __syncthreads and its counting forms: returns what the form computes over the block's predicates.
int block_barrier(Barrier kind, bool predicate, Site site);
void cluster_barrier(Site site);
void grid_barrier(Site site);

enum class Exchange {
  sync,
  shuffle,
  shuffle_up,
  shuffle_down,
  shuffle_xor,
  all,
  any,
  ballot,
  match_any,
  add,
  min_signed,
  max_signed,
  min_unsigned,
  max_unsigned,
  bit_and,
  bit_or,
  bit_xor
};
/// One lane's part in an operation of the lanes in `mask`; returns when all of them have arrived.
/// `argument` is the source lane, distance or xor mask of a shuffle, `width` its segment.
std::uint64_t exchange(Exchange kind, std::uint32_t mask, std::uint64_t value, int argument, int width,
                       Site site);

/// The block's copy of one declaration of shared memory; the same address for all its threads.
struct SharedDeclaration {
  const char* name;
  const char* file;
  int line;
};
void* shared_memory(const SharedDeclaration& declaration, std::size_t bytes, std::size_t alignment);
void* dynamic_shared_memory();
/// Where the block `rank` of this cluster keeps what this block keeps at `address`.
void* cluster_shared_memory(const void* address, unsigned rank);

/// Happens-before edges of atomics, for the race check: acquire always, release after a fence.
void before_atomic(const void* address);
void after_atomic(const void* address);
void fence();

/// Asynchronous copies into shared memory, done at the wait and never earlier.
void copy_later(void* to, const void* from, int bytes, int valid_bytes, Site site);
void commit_copies();
struct Copy {
  void* to;
  const void* from;
  int bytes, valid_bytes;
};
/// Takes the next copy that is due when all but the newest `pending` groups must be done.
bool next_due_copy(int pending, Copy& copy);

[[noreturn]] void misaligned(const void* address, std::size_t alignment, Site site);
/// Ends the program with a finding when `address` is not a multiple of `alignment`.
inline void require_aligned(const void* address, std::size_t alignment, Site site) {
  if (reinterpret_cast<std::uintptr_t>(address) % alignment != 0) [[unlikely]]
    misaligned(address, alignment, site);
}

unsigned lane();
unsigned cluster_rank();
unsigned cluster_size();
[[noreturn]] void fail(const char* what, Site site);
[[noreturn]] void trap(Site site);

}  // namespace simt
