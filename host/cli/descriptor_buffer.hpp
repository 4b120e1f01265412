#pragma once
// Standard output as a stream that says why it could not be written.
#include <array>
#include <streambuf>

namespace thalweg::cli {

/// Bytes for a descriptor. Short writes, interruptions and a descriptor that would block are taken up where
/// they stopped. Any other failure is an IoError with the system's reason; a stream passes it on to whoever
/// writes where its exceptions() hold badbit, so that a command stops at the first byte that nobody gets.
class DescriptorBuffer : public std::streambuf {
 public:
  /// `shown`: what messages call it.
  DescriptorBuffer(int descriptor, const char* shown);

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
