#pragma once
// Memory of the host whose end is the end of what may be read at all.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

namespace thalweg::test {

/// An array in front of a page that nobody may touch: who reads past its last element ends the program. So
/// does who reads before its first one, if it fills whole pages.
template <class T>
class AtPageEnd {
 public:
  explicit AtPageEnd(const std::vector<T>& values) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = values.size() * sizeof(T), room = (bytes + page - 1) / page * page;
    size_ = room + 2 * page;
    start_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start_ == MAP_FAILED) throw std::bad_alloc();
    char* const begin = static_cast<char*>(start_) + page;
    char* const end = begin + room;
    mprotect(start_, page, PROT_NONE);
    mprotect(end, page, PROT_NONE);
    data_ = reinterpret_cast<T*>(end - bytes);
    if (bytes > 0) std::memcpy(data_, values.data(), bytes);
  }
  ~AtPageEnd() { munmap(start_, size_); }
  AtPageEnd(const AtPageEnd&) = delete;
  AtPageEnd& operator=(const AtPageEnd&) = delete;

  T* data() const { return data_; }

 private:
  void* start_;
  std::size_t size_;
  T* data_;
};

}  // namespace thalweg::test
