#include "tests/mutants/switch.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace thalweg_mutants {

int chosen = 0;
unsigned char* reached = nullptr;

namespace {

/// The file of THALWEG_MUTANTS_REACHED, mapped: what a child process or a killed one reached is in it, too.
unsigned char* map_record(const char* path) {
  const int file = open(path, O_RDWR);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) std::abort();
  void* bytes =
      mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (bytes == MAP_FAILED) std::abort();
  close(file);
  return static_cast<unsigned char*>(bytes);
}

/// Before any other initialisation, which may be mutated.
[[gnu::constructor(101)]] void read_environment() {
  if (const char* number = std::getenv("THALWEG_MUTANT")) chosen = std::atoi(number);
  if (const char* record = std::getenv("THALWEG_MUTANTS_REACHED")) reached = map_record(record);
}

}  // namespace
}  // namespace thalweg_mutants
