#include "host/cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace thalweg::cli {
namespace {

constexpr auto kBarPeriod = std::chrono::milliseconds(100);
constexpr auto kLinePeriod = std::chrono::seconds(5);
constexpr int kBarWidth = 24;

std::string human_rate(double rate) {
  if (rate >= 1e6) return fmt::format("{:.2f} M", rate / 1e6);
  return rate >= 1e3 ? fmt::format("{:.1f} k", rate / 1e3) : fmt::format("{:.0f}", rate);
}

std::string human_time(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  return whole >= 3600 ? fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

double seconds_left(const Progress& p) {
  return p.step > 0 ? p.seconds / static_cast<double>(p.step) * static_cast<double>(p.total_steps - p.step)
                    : 0;
}

}  // namespace

std::string waiting_for(const std::string& file) {
  return fmt::format("waiting for {}: nothing was written yet", file);
}

ProgressPrinter::ProgressPrinter(std::ostream& err, bool quiet)
    : err_(err),
      quiet_(quiet),
      terminal_(&err == &std::cerr && isatty(STDERR_FILENO) != 0),
      last_(Clock::now()) {}

/// Whether it is time to say something again.
bool ProgressPrinter::due() {
  const auto now = Clock::now();
  if (now - last_ < (terminal_ ? kBarPeriod : std::chrono::milliseconds(kLinePeriod))) return false;
  last_ = now;
  return true;
}

void ProgressPrinter::reading(const std::string& file, std::int64_t done, std::int64_t total) {
  if (done == 0 && total == 0) return message(waiting_for(file));
  if (quiet_ || !due()) return;
  const std::string share =
      total > 0 ? fmt::format("{:.0f}%", 100.0 * static_cast<double>(done) / static_cast<double>(total))
                : fmt::format("{} MB", done / 1000000);
  err_ << (terminal_ ? "\r\033[K" : "") << "reading " << file << " " << share << (terminal_ ? "" : "\n")
       << std::flush;
  bar_open_ = terminal_;
}

void ProgressPrinter::update(const Progress& p) {
  if (quiet_) return;
  const bool last_step = p.step == p.total_steps;
  if (!due() && !(terminal_ && last_step)) return;
  if (terminal_) return draw_bar(p);
  err_ << fmt::format("epoch {} step {}/{} loss {:.5g} {} samples/s, {} left\n", p.epoch, p.step,
                      p.total_steps, p.loss, human_rate(p.samples_per_second), human_time(seconds_left(p)))
       << std::flush;
}

void ProgressPrinter::draw_bar(const Progress& p) {
  const double share =
      p.total_steps > 0 ? static_cast<double>(p.step) / static_cast<double>(p.total_steps) : 0;
  const int filled = std::clamp(static_cast<int>(share * kBarWidth), 0, kBarWidth);
  err_ << fmt::format("\r\033[K[{}{}] {:3.0f}% epoch {} loss {:.5g} {} samples/s {} left",
                      std::string(filled, '#'), std::string(kBarWidth - filled, '.'), 100 * share, p.epoch,
                      p.loss, human_rate(p.samples_per_second), human_time(seconds_left(p)))
       << std::flush;
  bar_open_ = true;
}

void ProgressPrinter::message(const std::string& text) {
  if (quiet_) return;
  finish();
  err_ << text << std::endl;
}

void ProgressPrinter::finish() {
  if (bar_open_) err_ << std::endl;
  bar_open_ = false;
}

}  // namespace thalweg::cli
