#pragma once
// Memory of a backend, owned.
#include <utility>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"

namespace thalweg {

extern const MemoryOps host_memory;

/// An array of T in the backend's memory.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Context& ctx, std::int64_t size) : memory_(&backend_of(ctx).memory), size_(size) {
    if (size > 0) data_ = static_cast<T*>(memory_->allocate(size * static_cast<std::int64_t>(sizeof(T))));
  }
  Buffer(const Context& ctx, const std::vector<T>& values)
      : Buffer(ctx, static_cast<std::int64_t>(values.size())) {
    upload(ctx, values.data(), size_);
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  ~Buffer() {
    if (data_ != nullptr) memory_->release(data_);
  }

  T* data() const { return data_; }
  std::int64_t size() const { return size_; }

  void upload(const Context& ctx, const T* from, std::int64_t count, std::int64_t at = 0) {
    if (count > 0)
      memory_->upload(device_of(ctx), data_ + at, from, count * static_cast<std::int64_t>(sizeof(T)));
  }
  std::vector<T> download(const Context& ctx) const {
    std::vector<T> values(static_cast<std::size_t>(size_));
    if (size_ > 0)
      memory_->download(device_of(ctx), values.data(), data_, size_ * static_cast<std::int64_t>(sizeof(T)));
    return values;
  }
  /// Of the same size.
  void copy(const Context& ctx, const Buffer& from) {
    if (size_ > 0)
      memory_->copy(device_of(ctx), data_, from.data_, size_ * static_cast<std::int64_t>(sizeof(T)));
  }
  void zero(const Context& ctx) {
    if (size_ > 0) memory_->zero(device_of(ctx), data_, size_ * static_cast<std::int64_t>(sizeof(T)));
  }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  const MemoryOps* memory_ = nullptr;
  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

/// Bytes that the host fills and the backend copies from.
class StagingBuffer {
 public:
  StagingBuffer(const Context& ctx, std::int64_t bytes)
      : memory_(backend_of(ctx).memory),
        data_(static_cast<unsigned char*>(memory_.allocate_staging(bytes))) {}
  ~StagingBuffer() { memory_.release_staging(data_); }
  StagingBuffer(const StagingBuffer&) = delete;
  StagingBuffer& operator=(const StagingBuffer&) = delete;

  unsigned char* data() const { return data_; }

 private:
  const MemoryOps& memory_;
  unsigned char* data_;
};

}  // namespace thalweg
