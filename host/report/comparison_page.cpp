// The page that compares runs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "host/checkpoint/files.hpp"
#include "host/config/config_text.hpp"
#include "host/report/colours.hpp"
#include "host/report/curves.hpp"
#include "host/report/html.hpp"
#include "host/report/run_epochs.hpp"
#include "thalweg/error.hpp"
#include "thalweg/report.hpp"

namespace thalweg {
namespace report {
namespace {

struct ComparedRun {
  std::string name;
  RunFiles files;
};
using Runs = std::vector<ComparedRun>;

/// The last part of each path, or whole paths where two runs share it.
std::vector<std::string> names_of_runs(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    const std::string name = name_of(path.ends_with('/') ? path.substr(0, path.size() - 1) : path);
    if (std::find(names.begin(), names.end(), name) != names.end()) return paths;
    names.push_back(name);
  }
  return names;
}

/// The names of the values that any run logged for its epochs, in their order; not those of samples.
std::vector<std::string> values_logged(const Runs& runs) {
  std::vector<std::string> names;
  for (const ComparedRun& run : runs) {
    if (run.files.log.epochs.empty()) continue;
    for (const auto& [name, value] : run.files.log.epochs.back().values) {
      const bool kept = name.starts_with("train.") || name.starts_with("validation.") || name == "seconds";
      if (kept && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

/// As the caller names it or as the log does.
std::string value_named_by(const std::string& metric, const Runs& runs) {
  if (metric.empty()) return watched_value(runs.front().files);
  const std::vector<std::string> logged = values_logged(runs);
  for (const std::string& name : {metric, "validation." + metric})
    if (std::find(logged.begin(), logged.end(), name) != logged.end()) return name;
  throw UsageError(fmt::format("metric \"{}\" is in no run's metrics.jsonl; expected one of {}", metric,
                               fmt::join(logged, ", ")));
}

double value_of(const ComparedRun& run, const std::string& value) {
  const LogLine* const epoch = model_epoch(run.files);
  return epoch == nullptr ? NAN : (*epoch)[value];
}

std::string value_text(const ComparedRun& run, const std::string& value) {
  const LogLine* const epoch = model_epoch(run.files);
  return epoch != nullptr && epoch->has(value) ? fmt::format("{:.6g}", (*epoch)[value]) : "";
}

std::string result_table(const Runs& runs, const std::string& sorted_by) {
  std::vector<std::string> names = values_logged(runs);
  std::stable_partition(names.begin(), names.end(), [&](const auto& name) { return name == sorted_by; });
  Table table{.header = {"run", "epochs"}};
  table.header.insert(table.header.end(), names.begin(), names.end());
  for (const ComparedRun& run : runs) {
    const auto& epochs = run.files.log.epochs;
    std::vector<std::string> cells{run.name, epochs.empty() ? "" : std::to_string(epochs.back().epoch)};
    for (const std::string& name : names) cells.push_back(value_text(run, name));
    table.rows.push_back(std::move(cells));
  }
  return html_table(table);
}

/// Settings that are not the same in all runs; where a run writes is not of interest.
std::string settings_table(const Runs& runs) {
  std::vector<std::string> keys;
  std::vector<std::vector<SettingDifference>> differences;
  const Config& first = runs.front().files.config;
  for (const ComparedRun& run : runs) {
    differences.push_back(config_differences(first, run.files.config));
    for (const SettingDifference& difference : differences.back())
      if (difference.key != "out" && std::find(keys.begin(), keys.end(), difference.key) == keys.end())
        keys.push_back(difference.key);
  }
  if (keys.empty()) return html_paragraph("All settings are the same.");
  Table table{.header = {"run"}, .text_columns = keys.size() + 1};
  table.header.insert(table.header.end(), keys.begin(), keys.end());
  for (std::size_t r = 0; r < runs.size(); ++r) {
    std::vector<std::string> cells{runs[r].name};
    for (const std::string& key : keys) {
      std::string text;
      for (const auto& of_run : differences)
        for (const SettingDifference& d : of_run)
          if (d.key == key) text = d.before;
      for (const SettingDifference& d : differences[r])
        if (d.key == key) text = d.after;
      cells.push_back(text);
    }
    table.rows.push_back(std::move(cells));
  }
  return html_table(table);
}

std::string curves_of(const Runs& runs, const std::string& value) {
  Chart chart{.title = value, .x = {"epoch"}, .y = {value.substr(value.find('.') + 1)}};
  for (std::size_t r = 0; r < std::min(runs.size(), kSeriesColours); ++r)
    add_curve(chart, runs[r].name, r, values_along(runs[r].files.log.epochs, value, Along::epochs));
  if (chart.series.empty()) return "";
  if (value != "lr") choose_scale(chart);  // a schedule that ends near 0 would fill a logarithmic axis
  return svg(chart);
}

std::string overlaid(const Runs& runs, const std::string& sorted_by) {
  std::vector<std::string> values{sorted_by};
  for (const char* value : {"train.loss", "validation.loss", "lr"})
    if (value != sorted_by) values.emplace_back(value);
  std::string charts;
  for (const std::string& value : values) charts += curves_of(runs, value);
  std::string text = html_charts(charts);
  if (runs.size() > kSeriesColours)
    text += html_paragraph(fmt::format("The curves are those of the first {} runs.", kSeriesColours));
  return text;
}

std::vector<std::string> notes_of(const Runs& runs) {
  std::vector<std::string> notes;
  for (const ComparedRun& run : runs)
    for (const std::string& note : run.files.notes) notes.push_back(fmt::format("{}: {}", run.name, note));
  return notes;
}

}  // namespace
}  // namespace report

std::string runs_report(const std::vector<std::string>& paths, const std::string& metric) {
  using namespace report;
  if (paths.empty()) throw UsageError("runs_report has no run; expected one or more");
  const std::vector<std::string> names = names_of_runs(paths);
  Runs runs;
  for (std::size_t r = 0; r < paths.size(); ++r) runs.push_back({names[r], read_run_files(paths[r])});
  const std::string sorted_by = value_named_by(metric, runs);
  std::stable_sort(runs.begin(), runs.end(), [&](const ComparedRun& a, const ComparedRun& b) {
    return is_better(sorted_by, value_of(a, sorted_by), value_of(b, sorted_by));
  });
  const std::string order =
      fmt::format("Sorted by {}, the {} first; each value is that of the run's model.", sorted_by,
                  larger_value_is_better(sorted_by) ? "largest" : "smallest");
  std::string body = html_list(notes_of(runs));
  body += html_section("Results", html_paragraph(order) + result_table(runs, sorted_by));
  body += html_section("Settings that differ", settings_table(runs));
  body += html_section("Curves", overlaid(runs, sorted_by));
  return html_page(fmt::format("{} runs", runs.size()), body);
}

}  // namespace thalweg
