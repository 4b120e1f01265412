// Confusions as wide as their window.
#include <gtest/gtest.h>

#include <algorithm>

#include "host/cli/report_text.hpp"

namespace thalweg::cli {
namespace {

/// Classes 0, 1, ... with `count` in every cell.
Metrics classes(std::size_t number, double count) {
  Metrics metrics;
  metrics.confusion.assign(number, std::vector<double>(number, count));
  for (std::size_t c = 0; c < number; ++c) metrics.classes.push_back(std::to_string(c));
  return metrics;
}

std::size_t widest_line(const std::string& text) {
  std::size_t most = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    most = std::max(most, text.find('\n', at) - at);
  return most;
}

TEST(ConfusionText, AConfusionOfTenClassesFitsItsWindow) {
  // 2 + 12 for the names, then 9 a class
  EXPECT_EQ(widest_line(to_text("test", classes(10, 1234), 104)), 104U);
  EXPECT_EQ(widest_line(to_text("test", classes(10, 1234), 103)), 53U) << "2 + 1, then 5 a class";
  EXPECT_EQ(to_text("test", classes(3, 7), 40),
            "test\n"
            "  confusion (rows: true, columns: predicted)\n"
            "    0 1 2\n"
            "  0 7 7 7\n"
            "  1 7 7 7\n"
            "  2 7 7 7\n");
}

TEST(ConfusionText, AConfusionThatIsTooWideGoesOnBelowItself) {
  Metrics metrics = classes(3, 10);
  metrics.classes = {"a", "seven", "\xC3\xBC"};  // the last is one character
  EXPECT_EQ(to_text("test", metrics, 16),
            "test\n"
            "  confusion (rows: true, columns: predicted)\n"
            "         a seven\n"
            "      a 10    10\n"
            "  seven 10    10\n"
            "      \xC3\xBC 10    10\n"
            "         \xC3\xBC\n"
            "      a 10\n"
            "  seven 10\n"
            "      \xC3\xBC 10\n");
}

TEST(ConfusionText, TheConfusionsOfARunFitItsWindow) {
  TrainReport report;
  report.validation = classes(2, 3);
  report.test = classes(2, 4);
  const std::string text = to_text(report, 20);
  EXPECT_NE(text.find("validation\n  confusion (rows: true, columns: predicted)\n    0 1\n  0 3 3\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("    0 1\n  0 4 4\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace thalweg::cli
