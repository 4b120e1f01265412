#pragma once
// The parts of the workload "data".
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "host/bench/made_data.hpp"
#include "host/bench/scratch_folder.hpp"
#include "host/bench/training_cases.hpp"

namespace thalweg::bench {

/// The readers that --reader names; all without it.
class WantedReaders {
 public:
  /// Throws UsageError for a name that no reader has.
  explicit WantedReaders(std::vector<std::string> names);
  bool any(std::initializer_list<std::string_view> names) const;

 private:
  std::vector<std::string> names_;
};

/// A file, how it is read, and whether it keeps the float values.
struct SourceFile {
  std::string format;
  DataConfig config;
  bool exact = true;
};

/// The rows as files of each format that is wanted.
std::vector<SourceFile> write_sources(const Dataset& data, const ScratchFolder& folder,
                                      const WantedReaders& wanted);

/// The disk, and the readers of shards.
void measure_stored(const Bench& bench, const ScratchFolder& folder, const WantedReaders& wanted);

/// Files into shards.
void measure_convert(const Bench& bench, const std::vector<SourceFile>& sources, const ScratchFolder& folder);

}  // namespace thalweg::bench
