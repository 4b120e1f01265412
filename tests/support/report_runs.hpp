#pragma once
// Runs for pages: of files by hand, and trained ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "host/checkpoint/files.hpp"
#include "tests/support/run_support.hpp"
#include "tests/support/xml.hpp"

namespace thalweg::test {

class ReportRuns : public testing::Test {
 protected:
  /// A run of files by hand: no model.
  std::string run_by_hand(const std::string& name, const std::string& config, const std::string& log) {
    create_folders(folder_.path(name));
    folder_.write(name + "/config.toml", config);
    if (!log.empty()) folder_.write(name + "/metrics.jsonl", log);
    return folder_.path(name);
  }
  static std::string epoch(int number, const std::string& values) {
    return "{\"step\":" + std::to_string(10 * number) + ",\"epoch\":" + std::to_string(number) + "," +
           values + "}\n";
  }
  /// Trains on a table whose names are hostile.
  std::string trained(const std::string& csv,
                      const std::vector<std::pair<std::string, std::string>>& settings,
                      const std::string& name = "run") {
    Config config;
    config.data.train = folder_.write("d.csv", csv);
    config.out = folder_.path(name);
    config.device = "cpu";
    config.train.threads = 1;
    config.train.epochs = 4;
    config.data.validation_fraction = 0.3;
    for (const auto& [key, value] : settings) set_config_value(config, key, value);
    train(config);
    return config.out;
  }
  static std::string numbers() {
    std::string csv = "a<b>,\"c&\"\"d\",y\n";
    for (int n = 0; n < 60; ++n)
      csv += std::to_string(n % 11) + "," + std::to_string(n % 7) + "," +
             std::to_string(3 * (n % 11) - n % 7) + "\n";
    return csv;
  }
  static std::string classes(const std::vector<std::string>& labels) {
    std::string csv = "x,z,label\n";
    for (int n = 0; n < 90; ++n)
      csv += std::to_string(n * 7 % 30) + "," + std::to_string(n % 5) + "," +
             labels[static_cast<std::size_t>(n * 7 % 30) * labels.size() / 30] + "\n";
    return csv;
  }
  static void expect_sound(const std::string& page) {
    EXPECT_EQ(xml_problem(page), "");
    EXPECT_THAT(page, testing::Not(testing::HasSubstr("http")));
    EXPECT_THAT(page, testing::Not(testing::HasSubstr("<script")));
  }

  TemporaryFolder folder_;
};

}  // namespace thalweg::test
