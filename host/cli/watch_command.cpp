#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <ostream>

#include "host/cli/cli.hpp"
#include "host/cli/live_text.hpp"
#include "host/cli/signal_handler.hpp"
#include "host/cli/watch_text.hpp"
#include "host/config/home_path.hpp"
#include "host/report/run_watcher.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {
namespace {

using report::RunGlance;
using Glances = std::vector<RunGlance>;

std::atomic<int> end_signal{0};
std::atomic<bool> woken{false};  // by a signal, or by a window of another size
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "the handlers below may only touch lock-free atomics");

extern "C" void on_end(int signal) {
  end_signal.store(signal);
  woken.store(true);
}
extern "C" void on_resize(int) { woken.store(true); }

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Ends early at a signal. One that comes just before a call of poll is seen after the call.
void wait_for(double seconds) {
  constexpr double kLongestCall = 0.1;
  for (double left = seconds; left > 0 && !woken; left -= kLongestCall)
    ::poll(nullptr, 0, static_cast<int>(1000 * std::min(left, kLongestCall)));
  woken = false;
}

std::string text_of(const Glances& glances, const Window& window, const Abilities& abilities) {
  return glances.size() == 1 ? run_text(glances.front(), window.columns, abilities)
                             : runs_text(glances, window, abilities);
}

/// No more lines than the window can show: what has scrolled away cannot be drawn over.
std::string first_lines(const std::string& text, int lines) {
  std::size_t end = 0;
  for (int line = 0; line < lines && end < text.size(); ++line) end = text.find('\n', end) + 1;
  return text.substr(0, end);
}

Json json_of(const Glances& glances) {
  Json object;
  object["runs"] = Json::Array();
  for (const RunGlance& glance : glances) object["runs"].push_back(to_json(glance));
  return object;
}

/// Draws over what it drew before.
class Drawing {
 public:
  Drawing(std::ostream& out, const Abilities& abilities) : out_(out), live_(out), abilities_(abilities) {}
  void show(const Glances& glances) {
    const Window window = window_of(out_).value_or(Window{});
    live_.draw(first_lines(text_of(glances, window, abilities_), window.rows - 1), window.columns);
  }

 private:
  std::ostream& out_;
  LiveText live_;
  Abilities abilities_;
};

/// A line for each run at first, then for each epoch and for each change of its stage.
class Lines {
 public:
  explicit Lines(std::ostream& out) : out_(out) {}
  void show(const Glances& glances) {
    for (const RunGlance& glance : glances) {
      const std::pair news{glance.stage, glance.epoch};
      const auto [said, first] = said_.try_emplace(glance.run, news);
      if (!first && said->second == news) continue;
      said->second = news;
      out_ << run_line(glance) << std::flush;
    }
  }

 private:
  std::ostream& out_;
  std::map<std::string, std::pair<report::RunStage, std::int64_t>> said_;
};

/// Returns the exit code.
template <class Shown>
int follow(report::RunsWatcher& runs, Shown shown, double interval) {
  end_signal = 0;
  woken = false;
  const SignalHandler handlers[] = {
      {SIGINT, on_end}, {SIGTERM, on_end}, {SIGHUP, on_end}, {SIGWINCH, on_resize}};
  while (true) {
    shown.show(runs.look(seconds_since_1970()));
    if (const int signal = end_signal.load(); signal != 0) return 128 + signal;
    if (!runs.more_to_come()) return static_cast<int>(ExitCode::done);
    wait_for(interval);
  }
}

}  // namespace

int watch_command(const WatchArguments& arguments, Streams streams) {
  if (!arguments.settings.empty())
    throw UsageError("unexpected argument \"" + arguments.settings[0] + "\"; a watcher reads no settings");
  if (!(arguments.interval >= 0.1 && arguments.interval <= 3600))  // nor where it is not a number
    throw UsageError(fmt::format("--interval is {:g}; want 0.1 to 3600 seconds", arguments.interval));
  std::vector<std::string> paths;
  for (const std::string& path : arguments.runs) paths.push_back(with_home(path));
  report::RunsWatcher runs(paths);
  const std::optional<Window> window = window_of(streams.out);
  const Abilities abilities = abilities_of(window.has_value(), process_environment);
  if (arguments.json || arguments.once) {
    const Glances glances = runs.look(seconds_since_1970());
    for (const RunGlance& glance : glances)
      if (glance.stage == report::RunStage::waiting) report::runs_at(glance.run);  // throws
    Window whole = window.value_or(Window{});
    whole.rows = static_cast<int>(glances.size()) + 2;
    streams.out << (arguments.json ? json_of(glances).dump(2) + "\n" : text_of(glances, whole, abilities))
                << std::flush;
    return static_cast<int>(ExitCode::done);
  }
  if (abilities.moves) return follow(runs, Drawing(streams.out, abilities), arguments.interval);
  return follow(runs, Lines(streams.out), arguments.interval);
}

}  // namespace thalweg::cli
