#include "host/cli/descriptor_buffer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <ostream>
#include <string>
#include <thread>

#include "tests/support/pipe.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {
namespace {

using test::PipeEnds;

std::string read_slowly(int descriptor, std::size_t size) {
  std::string bytes;
  char part[4096];
  while (bytes.size() < size) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    const ssize_t got = ::read(descriptor, part, sizeof part);
    if (got <= 0) break;
    bytes.append(part, static_cast<std::size_t>(got));
  }
  return bytes;
}

/// What the stream's writer is told.
std::string error_of(int descriptor) {
  DescriptorBuffer buffer(descriptor, "the output");
  std::ostream out(&buffer);
  out.exceptions(std::ios::badbit);
  try {
    out << "lost" << std::flush;
  } catch (const IoError& error) {
    return error.what();
  }
  return "";
}

TEST(DescriptorBuffer, EveryByteGetsThroughAPipeThatWouldBlock) {
  const PipeEnds pipe;
  ASSERT_EQ(::fcntl(pipe.writer, F_SETFL, O_NONBLOCK), 0);
  std::string sent;
  while (sent.size() < 300'000) sent += std::to_string(sent.size()) + "\n";  // a pipe holds 65,536 bytes
  std::string received;
  std::thread reader([&] { received = read_slowly(pipe.reader, sent.size()); });
  DescriptorBuffer buffer(pipe.writer, "the output");
  std::ostream out(&buffer);
  out << sent << std::flush;
  reader.join();
  EXPECT_TRUE(out.good());
  EXPECT_EQ(received, sent);
}

TEST(DescriptorBuffer, AWriterIsToldWhyAFullDeviceTookNothing) {
  const int full = ::open("/dev/full", O_WRONLY);
  EXPECT_EQ(error_of(full), "cannot write the output: No space left on device");
  ::close(full);
}

TEST(DescriptorBuffer, AWriterIsToldOfABrokenPipeAndOfADescriptorThatIsNotOpenForWriting) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  PipeEnds pipe;
  EXPECT_EQ(error_of(pipe.reader), "cannot write the output: Bad file descriptor");
  PipeEnds::close(pipe.reader);
  EXPECT_EQ(error_of(pipe.writer), "cannot write the output: Broken pipe");
  std::signal(SIGPIPE, before);
}

TEST(DescriptorBuffer, WhatWasLostIsNotWrittenLater) {
  const PipeEnds pipe;
  const int full = ::open("/dev/full", O_WRONLY);
  const int descriptor = ::dup(full);
  DescriptorBuffer buffer(descriptor, "the output");
  std::ostream out(&buffer);
  out << "lost" << std::flush;
  EXPECT_TRUE(out.bad());
  ::dup2(pipe.writer, descriptor);  // there is room again
  out.clear();
  out << "kept" << std::flush;
  EXPECT_EQ(read_slowly(pipe.reader, 4), "kept");
  ::close(full);
  ::close(descriptor);
}

}  // namespace
}  // namespace thalweg::cli
