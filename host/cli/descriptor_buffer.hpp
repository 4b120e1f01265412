#pragma once
// Standard output as a stream that says why it could not be written.
#include <array>
#include <streambuf>

namespace thalweg::cli {

/// A stream buffer that writes to a descriptor. It continues short writes, interruptions and a descriptor
/// that would block where they stopped. Any other failure is an IoError with the system's reason. A stream
/// passes the error on if its exceptions() hold badbit, so a command stops at the first byte that it cannot
/// write.
class DescriptorBuffer : public std::streambuf {
 public:
  /// `shown`: what messages call it.
  DescriptorBuffer(int descriptor, const char* shown);
  int descriptor() const { return descriptor_; }

 protected:
  int_type overflow(int_type byte) override;
  int sync() override;

 private:
  void write_all();

  int descriptor_;
  const char* shown_;
  std::array<char, 1 << 14> bytes_;
};

}  // namespace thalweg::cli
