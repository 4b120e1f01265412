#pragma once
// Shared memory of the resident blocks. Each declaration gets a piece when a thread first reaches it: filled
// with 0xFF, between red zones.
#include <cstddef>
#include <string>
#include <vector>

#include "simt/device.hpp"

namespace simt {

/// Address space of one worker. Under the race check a block never gets addresses that an earlier one had,
/// because a history of accesses comes with them.
class SharedRegion {
 public:
  void begin();
  char* take(std::size_t bytes);
  void next_set();  ///< the blocks before are gone
  void end();

 private:
  char* base_ = nullptr;
  std::size_t used_ = 0;
};

/// Offsets of a kernel's declarations, the same for all blocks of a cluster.
class SharedLayout {
 public:
  struct Piece {
    const SharedDeclaration* declaration;
    std::size_t offset, bytes;
  };
  void reset(std::size_t dynamic_bytes);
  std::size_t piece_of(const SharedDeclaration& declaration, std::size_t bytes, std::size_t alignment);
  const std::vector<Piece>& pieces() const { return pieces_; }
  std::size_t declared_bytes() const { return declared_; }

 private:
  std::vector<Piece> pieces_;
  std::size_t end_ = 0, declared_ = 0;
};

/// One block's.
class SharedMemory {
 public:
  void reset(SharedRegion& region, SharedLayout& layout, std::size_t dynamic_bytes, std::size_t limit);
  void* get(const SharedDeclaration& declaration, std::size_t bytes, std::size_t alignment);
  void* dynamic() const { return base_; }
  char* base() const { return base_; }
  bool contains(const void* address) const;
  std::string describe(const void* address) const;

 private:
  SharedLayout* layout_ = nullptr;
  char* base_ = nullptr;
  std::size_t dynamic_bytes_ = 0, limit_ = 0;
  std::vector<bool> made_;
};

}  // namespace simt
