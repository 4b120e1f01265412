#include "shared.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "block.hpp"
#include "report.hpp"
#include "sanitizers.hpp"

namespace simt {
namespace {

constexpr std::size_t kRedZone = 128;
constexpr std::size_t kBlockBytes = 512 * 1024;             // more than any GPU's limit, and red zones
constexpr std::size_t kRegionBytes = std::size_t{1} << 36;  // address space only

/// Not memset: the race check must not take the fill for an access of the running thread.
void fill(char* to, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) *const_cast<volatile char*>(to + i) = static_cast<char>(0xFF);
}

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

void SharedRegion::begin() {
  if (base_ == nullptr) {
    // The call itself, which no sanitizer sees: to them the memory is untouched.
    const long memory = syscall(SYS_mmap, nullptr, kRegionBytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == -1) fatal("no address space for shared memory");
    base_ = reinterpret_cast<char*>(memory);
  }
  used_ = 0;
}

char* SharedRegion::take(std::size_t bytes) {
  if (used_ + bytes > kRegionBytes) fatal("the launch has too many blocks for the race check");
  char* piece = base_ + used_;
  used_ += bytes;
  return piece;
}

void SharedRegion::next_set() {
  if (!races_checked()) used_ = 0;
}

void SharedRegion::end() {
  if (!races_checked() || base_ == nullptr) return;
  munmap(base_, kRegionBytes);  // the race check forgets the addresses
  base_ = nullptr;
}

void SharedLayout::reset(std::size_t dynamic_bytes) {
  pieces_.clear();
  end_ = round_up(dynamic_bytes, kRedZone) + kRedZone;
  declared_ = dynamic_bytes;
}

std::size_t SharedLayout::piece_of(const SharedDeclaration& declaration, std::size_t bytes,
                                   std::size_t alignment) {
  for (std::size_t i = 0; i < pieces_.size(); ++i)
    if (pieces_[i].declaration == &declaration) return i;
  pieces_.push_back({&declaration, end_, bytes});
  end_ += round_up(bytes, kRedZone) + kRedZone;
  declared_ = round_up(declared_, alignment) + bytes;
  return pieces_.size() - 1;
}

void SharedMemory::reset(SharedRegion& region, SharedLayout& layout, std::size_t dynamic_bytes,
                         std::size_t limit) {
  layout_ = &layout;
  base_ = region.take(kBlockBytes);
  dynamic_bytes_ = dynamic_bytes;
  limit_ = limit;
  made_.clear();
  poison(base_, kBlockBytes);
  unpoison(base_, dynamic_bytes);
  fill(base_, dynamic_bytes);
}

void* SharedMemory::get(const SharedDeclaration& declaration, std::size_t bytes, std::size_t alignment) {
  const std::size_t piece = layout_->piece_of(declaration, bytes, alignment);
  char* memory = base_ + layout_->pieces()[piece].offset;
  if (piece < made_.size() && made_[piece]) return memory;
  if (layout_->declared_bytes() > limit_) {
    finding("shared memory \"" + std::string(declaration.name) + "\" brings the block to " +
                std::to_string(layout_->declared_bytes()) + " bytes; the limit is " + std::to_string(limit_),
            {declaration.file, declaration.line});
  }
  made_.resize(layout_->pieces().size());
  made_[piece] = true;
  unpoison(memory, bytes);
  fill(memory, bytes);
  return memory;
}

bool SharedMemory::contains(const void* address) const {
  return address >= base_ && address < base_ + kBlockBytes;
}

std::string SharedMemory::describe(const void* address) const {
  if (base_ == nullptr || !contains(address)) return "";
  const std::size_t offset = static_cast<std::size_t>(static_cast<const char*>(address) - base_);
  std::string nearest = "dynamic shared memory of " + std::to_string(dynamic_bytes_) + " bytes, at byte " +
                        std::to_string(offset);
  for (const auto& piece : layout_->pieces()) {
    if (piece.offset > offset) break;
    nearest = "shared memory \"" + std::string(piece.declaration->name) + "\" of " +
              std::to_string(piece.bytes) + " bytes (" +
              text(Site{piece.declaration->file, piece.declaration->line}) + "), at byte " +
              std::to_string(offset - piece.offset);
  }
  return nearest;
}

void* shared_memory(const SharedDeclaration& declaration, std::size_t bytes, std::size_t alignment) {
  const Unobserved scope;
  return running_thread()->block->shared.get(declaration, bytes, alignment);
}

void* dynamic_shared_memory() { return running_thread()->block->shared.dynamic(); }

void* cluster_shared_memory(const void* address, unsigned rank) {
  const Block& own = *running_thread()->block;
  if (!own.shared.contains(address)) fail("map_shared_rank of an address outside shared memory", here());
  if (rank >= current_worker()->set_size()) fail("map_shared_rank of a block outside the cluster", here());
  const Block& other = current_worker()->block_of_rank(rank);
  if (std::all_of(other.threads.begin(), other.threads.end(), [](const Thread& t) { return t.finished; }))
    fail("map_shared_rank of a block that has returned; a cluster.sync is missing", here());
  return other.shared.base() + (static_cast<const char*>(address) - own.shared.base());
}

}  // namespace simt
