#pragma once
// Event files, which TensorBoard reads: records of Protocol Buffers, each between its length and checksums.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/report/wire.hpp"

namespace thalweg::events {

/// CRC-32C, rotated and moved as TFRecord files want it.
std::uint32_t masked_crc32c(std::string_view bytes);

/// The record as a file has it: length, checksum of the length, record, checksum of the record.
std::string framed(std::string_view record);

/// The whole and undamaged records that a file begins with.
std::vector<std::string_view> records_of(std::string_view file);

/// What one event shows: values, each under a tag.
class Summary {
 public:
  void add_scalar(std::string_view tag, double value);
  /// 30 bins of equal width between the least and the largest value; values that are not finite have none.
  void add_histogram(std::string_view tag, std::span<const float> values);
  /// Data of a plugin of TensorBoard's.
  void add_plugin_data(std::string_view tag, std::string_view plugin, const wire::Writer& content);

  const wire::Writer& message() const { return summary_; }

 private:
  wire::Writer summary_;
};

/// Seconds since 1970.
double wall_time();

/// An event; `wall_time` of when it was.
std::string event(double wall_time, std::int64_t step, const Summary& summary);
/// What every file begins with.
std::string version_event(double wall_time);

/// The step of an event, and the tag of its first value; no tag where it has no value.
struct EventHead {
  std::int64_t step = 0;
  std::string_view tag;
};
EventHead head_of(std::string_view event);

}  // namespace thalweg::events
