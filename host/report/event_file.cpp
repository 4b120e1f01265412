#include "host/report/event_file.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>

namespace thalweg::events {
namespace {

using wire::Writer;

// Numbers of fields, message by message: event.proto, summary.proto.
namespace fields {
enum Event { wall_time = 1, step = 2, file_version = 3, summary = 5 };
enum Summary { value = 1 };
enum Value { tag = 1, simple_value = 2, histogram = 5, metadata = 9 };
enum Histogram { least = 1, largest = 2, count = 3, sum = 4, squares = 5, limits = 6, counts = 7 };
enum Metadata { plugin_data = 1 };
enum PluginData { plugin_name = 1, content = 2 };
}  // namespace fields

constexpr std::size_t kLength = 8, kChecksum = 4;
constexpr int kBins = 30;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);  // Castagnoli, reversed
    table[byte] = crc;
  }
  return table;
}

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = make_table();
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

std::string little_endian(std::uint64_t value, std::size_t size) {
  std::string text;
  for (std::size_t byte = 0; byte < size; ++byte) text += static_cast<char>(value >> (8 * byte) & 0xff);
  return text;
}

/// Whether `text` begins with `bytes` and their checksum.
bool is_sound(std::string_view text, std::size_t bytes) {
  return text.substr(bytes, kChecksum) == little_endian(masked_crc32c(text.substr(0, bytes)), kChecksum);
}

/// Counts of the bins between `least` and `largest`.
std::vector<double> bins_of(std::span<const float> values, double least, double largest) {
  std::vector<double> counts(largest > least ? kBins : 1);
  const double per_unit = largest > least ? kBins / (largest - least) : 0;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    const auto bin = static_cast<std::size_t>((value - least) * per_unit);
    ++counts[std::min(bin, counts.size() - 1)];
  }
  return counts;
}

/// The upper ends of so many bins.
std::vector<double> limits_of(std::size_t bins, double least, double largest) {
  std::vector<double> limits;
  for (std::size_t bin = 1; bin < bins; ++bin)
    limits.push_back(least + (largest - least) * static_cast<double>(bin) / static_cast<double>(bins));
  limits.push_back(largest);
  return limits;
}

Writer histogram_of(std::span<const float> values) {
  double least = std::numeric_limits<double>::infinity(), largest = -least;
  double count = 0, sum = 0, squares = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    least = std::min(least, double{value}), largest = std::max(largest, double{value});
    ++count, sum += value, squares += double{value} * value;
  }
  if (count == 0) least = largest = 0;
  const std::vector<double> counts = bins_of(values, least, largest);
  const std::vector<double> limits = limits_of(counts.size(), least, largest);
  Writer to;
  to.float64(fields::least, least).float64(fields::largest, largest).float64(fields::count, count);
  to.float64(fields::sum, sum).float64(fields::squares, squares);
  to.float64s(fields::limits, limits).float64s(fields::counts, counts);
  return to;
}

}  // namespace

std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

std::string framed(std::string_view record) {
  std::string frame = little_endian(record.size(), kLength);
  frame += little_endian(masked_crc32c(frame), kChecksum);
  frame += record;
  return frame + little_endian(masked_crc32c(record), kChecksum);
}

std::vector<std::string_view> records_of(std::string_view file) {
  std::vector<std::string_view> records;
  constexpr std::size_t kHead = kLength + kChecksum;
  while (file.size() >= kHead + kChecksum && is_sound(file, kLength)) {
    std::uint64_t length = 0;
    for (std::size_t byte = kLength; byte-- > 0;)
      length = length << 8 | static_cast<unsigned char>(file[byte]);
    file.remove_prefix(kHead);
    if (length > file.size() - kChecksum || !is_sound(file, length)) break;
    records.push_back(file.substr(0, length));
    file.remove_prefix(length + kChecksum);
  }
  return records;
}

void Summary::add_scalar(std::string_view tag, double value) {
  Writer to;
  to.bytes(fields::tag, tag).float32(fields::simple_value, static_cast<float>(value));
  summary_.message(fields::value, to);
}

void Summary::add_histogram(std::string_view tag, std::span<const float> values) {
  Writer to;
  to.bytes(fields::tag, tag).message(fields::histogram, histogram_of(values));
  summary_.message(fields::value, to);
}

void Summary::add_plugin_data(std::string_view tag, std::string_view plugin, const Writer& content) {
  Writer data, metadata, to;
  data.bytes(fields::plugin_name, plugin).message(fields::content, content);
  metadata.message(fields::plugin_data, data);
  to.bytes(fields::tag, tag).message(fields::metadata, metadata);
  summary_.message(fields::value, to);
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string event(double wall_time, std::int64_t step, const Summary& summary) {
  Writer to;
  to.float64(fields::wall_time, wall_time).integer(fields::step, step);
  return to.message(fields::summary, summary.message()).text();
}

std::string version_event(double wall_time) {
  return Writer().float64(fields::wall_time, wall_time).bytes(fields::file_version, "brain.Event:2").text();
}

EventHead head_of(std::string_view event) {
  EventHead head;
  std::string_view summary, value;
  while (const auto field = wire::next_field(event)) {
    if (field->number == fields::step) head.step = static_cast<std::int64_t>(field->integer);
    if (field->number == fields::summary) summary = field->bytes;
  }
  if (const auto first = wire::next_field(summary)) value = first->bytes;
  if (const auto tag = wire::next_field(value)) head.tag = tag->bytes;
  return head;
}

}  // namespace thalweg::events
