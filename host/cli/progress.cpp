#include "host/cli/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <ostream>
#include <utility>

#include "host/checkpoint/files.hpp"
#include "host/cli/human_text.hpp"
#include "host/cli/printable.hpp"
#include "host/cli/shown_width.hpp"
#include "host/cli/terminal.hpp"

namespace thalweg::cli {
namespace {

constexpr auto kBarPeriod = std::chrono::milliseconds(100);
constexpr auto kLinePeriod = std::chrono::seconds(5);
constexpr const char* kOverTheLine = "\r\033[K";  // to its begin, and clear it
constexpr int kBarWidth = 24, kLeastBarWidth = 4;

double seconds_left(const Progress& p) {
  return p.step > 0 ? p.seconds / static_cast<double>(p.step) * static_cast<double>(p.total_steps - p.step)
                    : 0;
}

std::string loss_text(double loss) { return std::isnan(loss) ? "loss -" : fmt::format("loss {:.5g}", loss); }

double share_done(const Progress& p) {
  return p.total_steps > 0 ? static_cast<double>(p.step) / static_cast<double>(p.total_steps) : 0;
}

/// The last column stays free: some terminals wrap when it is written.
int room_of(int columns) { return std::max(columns - 1, 0); }

ProgressPrinter::Surroundings surroundings_of(const std::ostream& err) {
  ProgressPrinter::Surroundings found{.columns = {}, .now = &ProgressPrinter::Clock::now};
  if (abilities_of(window_of(err).has_value(), process_environment).moves)
    found.columns = [&err] { return window_of(err).value_or(Window{}).columns; };
  return found;
}

}  // namespace

std::string bar_text(const Progress& p, int columns) {
  const double share = share_done(p);
  std::array<std::string, 6> parts = {fmt::format("{:3.0f}%", 100 * share),
                                      fmt::format(" epoch {}", p.epoch),
                                      " " + loss_text(p.loss),
                                      fmt::format(" lr {:.3g}", p.lr),
                                      fmt::format(" {} samples/s", human_rate(p.samples_per_second)),
                                      fmt::format(" {} left", human_time(seconds_left(p)))};
  const int room = room_of(columns);
  const auto length = [&] {
    int sum = 0;
    for (const std::string& part : parts) sum += static_cast<int>(part.size());
    return sum;
  };
  for (const std::size_t spared : {3, 4, 1, 5, 2}) {
    if (length() > room) parts[spared].clear();
  }
  const int width = std::min(kBarWidth, room - length() - static_cast<int>(drawn_bar(0, 0).size()));
  std::string text = width >= kLeastBarWidth ? drawn_bar(share, width) : "";
  for (const std::string& part : parts) text += part;
  return text.substr(0, static_cast<std::size_t>(room));
}

std::string epoch_text(const EpochReport& epoch, const std::string& metric, int columns) {
  std::string text = fmt::format("epoch {:<5} {:<14}", epoch.epoch, loss_text(epoch.train_loss));
  if (epoch.validation) {
    text += fmt::format("  validation.{} {:<9.5g}", metric, (*epoch.validation)[metric]);
    if (epoch.is_best) text += "  best so far";
  }
  return without_end(text.substr(0, text.find_last_not_of(' ') + 1), room_of(columns));
}

std::string reading_text(const std::string& file, std::int64_t done, std::int64_t total, int columns) {
  const std::string share =
      total > 0 ? fmt::format("{:.0f}%", 100.0 * static_cast<double>(done) / static_cast<double>(total))
                : fmt::format("{} MB", done / 1000000);
  const auto room = static_cast<std::size_t>(room_of(columns));
  for (const std::string& name : {file, name_of(file)}) {
    const std::string text = fmt::format("reading {} {}", name, share);
    if (text.size() <= room) return text;
  }
  return ("reading " + share).substr(0, room);
}

std::string waiting_for(const std::string& file, std::int64_t bytes) {
  if (bytes == 0) return fmt::format("waiting for {}: nothing was written yet", file);
  return fmt::format("waiting for {}: {} bytes so far", file, bytes);
}

ProgressPrinter::ProgressPrinter(std::ostream& err, bool quiet)
    : ProgressPrinter(err, quiet, surroundings_of(err)) {}

ProgressPrinter::ProgressPrinter(std::ostream& err, bool quiet, Surroundings surroundings)
    : err_(err), quiet_(quiet), surroundings_(std::move(surroundings)), last_(surroundings_.now()) {}

/// Whether it is time to say something again.
bool ProgressPrinter::due() {
  const auto now = surroundings_.now();
  if (now - last_ < (terminal() ? kBarPeriod : std::chrono::milliseconds(kLinePeriod))) return false;
  last_ = now;
  return true;
}

void ProgressPrinter::reading(const std::string& file, std::int64_t done, std::int64_t total) {
  if (total == kWaiting) return message(waiting_for(file, done));
  if (quiet_ || !due()) return;
  if (terminal()) return draw(reading_text(file, done, total, surroundings_.columns()));
  err_ << reading_text(file, done, total, std::numeric_limits<int>::max()) << std::endl;
}

void ProgressPrinter::update(const Progress& p) {
  if (quiet_) return;
  total_steps_ = p.total_steps;
  const bool last_step = p.step == p.total_steps;
  if (!due() && !(terminal() && last_step)) return;
  if (terminal()) return draw(bar_text(p, surroundings_.columns()));
  err_ << fmt::format("epoch {} step {}/{} {} {} samples/s, {} left\n", p.epoch, p.step, p.total_steps,
                      loss_text(p.loss), human_rate(p.samples_per_second), human_time(seconds_left(p)))
       << std::flush;
}

void ProgressPrinter::epoch(const EpochReport& epoch, const std::string& metric) {
  if (quiet_ || !terminal()) return;
  const auto now = surroundings_.now();
  if (last_epoch_ && now - *last_epoch_ < kBarPeriod && epoch.step != total_steps_) return;
  last_epoch_ = now;
  err_ << kOverTheLine << epoch_text(epoch, metric, surroundings_.columns()) << "\n";
  if (bar_.empty()) {
    err_ << std::flush;
  } else {
    draw(std::string(bar_));
  }
}

void ProgressPrinter::draw(const std::string& text) {
  err_ << kOverTheLine << text << std::flush;
  bar_ = text;
}

void ProgressPrinter::message(const std::string& text) {
  if (quiet_) return;
  finish();
  write_printable(text, false, err_);
  err_ << std::endl;
}

void ProgressPrinter::finish() {
  if (!bar_.empty()) err_ << std::endl;
  bar_.clear();
}

}  // namespace thalweg::cli
