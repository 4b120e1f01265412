#pragma once
// Event files as a test reads them.
#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "host/report/event_file.hpp"

namespace thalweg::test {

struct EventHistogram {
  std::vector<double> moments;  ///< least, largest, count, sum, sum of squares
  std::vector<double> limits, counts;
};

struct Event {
  double wall_time = 0;
  std::int64_t step = 0;
  std::string version;
  std::map<std::string, float> scalars;
  std::map<std::string, EventHistogram> histograms;
  std::map<std::string, std::string> settings;  ///< "number 0.5", "text sgd", "flag 1"
  bool ends = false;                            ///< of the run: its status is success
  double end_time = 0;
};

namespace event_reader {

template <class Take>
void each_field(std::string_view message, const Take& take) {
  while (const auto field = wire::next_field(message)) take(*field);
}

inline std::vector<double> doubles(std::string_view packed) {
  std::vector<double> values(packed.size() / sizeof(double));
  std::memcpy(values.data(), packed.data(), packed.size());
  return values;
}

inline EventHistogram histogram(std::string_view message) {
  EventHistogram to;
  each_field(message, [&](const wire::Field& field) {
    if (field.number <= 5) to.moments.push_back(std::bit_cast<double>(field.integer));
    if (field.number == 6) to.limits = doubles(field.bytes);
    if (field.number == 7) to.counts = doubles(field.bytes);
  });
  return to;
}

inline std::string setting(std::string_view message) {
  std::string text;
  each_field(message, [&](const wire::Field& field) {
    if (field.number == 2) text = fmt::format("number {}", std::bit_cast<double>(field.integer));
    if (field.number == 3) text = "text " + std::string(field.bytes);
    if (field.number == 4) text = fmt::format("flag {}", field.integer);
  });
  return text;
}

/// The content of the plugin hparams.
inline void read_hparams(std::string_view content, Event& event) {
  each_field(content, [&](const wire::Field& session) {
    each_field(session.bytes, [&](const wire::Field& field) {
      if (session.number == 4 && field.number == 1) event.ends = field.integer == 1;
      if (session.number == 4 && field.number == 2) event.end_time = std::bit_cast<double>(field.integer);
      if (session.number != 3) return;
      std::string key, value;
      each_field(field.bytes, [&](const wire::Field& part) {
        if (part.number == 1) key = part.bytes;
        if (part.number == 2) value = setting(part.bytes);
      });
      event.settings[key] = value;
    });
  });
}

inline void read_value(std::string_view message, Event& event) {
  std::string tag;
  each_field(message, [&](const wire::Field& field) {
    if (field.number == 1) tag = field.bytes;
    if (field.number == 2)
      event.scalars[tag] = std::bit_cast<float>(static_cast<std::uint32_t>(field.integer));
    if (field.number == 5) event.histograms[tag] = histogram(field.bytes);
    if (field.number != 9) return;
    each_field(field.bytes, [&](const wire::Field& plugin) {
      each_field(plugin.bytes, [&](const wire::Field& part) {
        if (part.number == 2) read_hparams(part.bytes, event);
      });
    });
  });
}

}  // namespace event_reader

inline Event decoded_event(std::string_view message) {
  Event event;
  event_reader::each_field(message, [&](const wire::Field& field) {
    if (field.number == 1) event.wall_time = std::bit_cast<double>(field.integer);
    if (field.number == 2) event.step = static_cast<std::int64_t>(field.integer);
    if (field.number == 3) event.version = field.bytes;
    if (field.number != 5) return;
    event_reader::each_field(field.bytes,
                             [&](const wire::Field& value) { event_reader::read_value(value.bytes, event); });
  });
  return event;
}

}  // namespace thalweg::test
