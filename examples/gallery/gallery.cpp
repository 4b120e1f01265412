// gallery FOLDER: writes the pages of the gallery and their plots. ./run gallery calls it.
#include <cstdio>
#include <exception>

#include "examples/gallery/markdown.hpp"
#include "host/checkpoint/files.hpp"

int main(int count, char** words) try {
  if (count != 2) return std::fprintf(stderr, "usage: gallery FOLDER\n"), 2;
  for (const auto& [name, content] : thalweg::gallery::gallery_files()) {
    thalweg::write_file_atomically(thalweg::join_path(words[1], name), content);
    std::printf("%s\n", name.c_str());
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
