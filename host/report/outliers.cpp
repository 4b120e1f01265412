// The rows that stand out in the statistics of the last epoch.
#include <fmt/format.h>

#include "host/report/curves.hpp"
#include "host/report/html.hpp"

namespace thalweg::report {
namespace {

constexpr double kMostRows = 0x1p53;  // a double holds each row up to here

}  // namespace

std::string outlier_table(const RunFiles& run, const std::function<std::string(std::int64_t)>& where) {
  if (run.log.epochs.empty()) return "";
  const LogLine& last = run.log.epochs.back();
  Table table{.header = {"largest", "row", "value"}};
  if (where) table.header.insert(table.header.begin() + 1, "where"), table.text_columns = 2;
  for (const char* kind : {"norm", "loss"}) {
    for (int place = 1;; ++place) {
      const std::string name = fmt::format("per_sample.top_{}.{}", kind, place);
      const double row = last[name + ".row"];
      if (!(row >= 0 && row < kMostRows)) break;
      std::vector<std::string> cells{fmt::format("{} {}", kind, place)};
      if (where) cells.push_back(where(static_cast<std::int64_t>(row)));
      cells.push_back(fmt::format("{:.0f}", row));
      cells.push_back(number_text(last[name + ".value"]));
      table.rows.push_back(std::move(cells));
    }
  }
  return html_table(table);
}

}  // namespace thalweg::report
