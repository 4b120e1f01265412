// What `thalweg bench` prints of a result, word for word, on timings that are made up.
#include "host/bench/report.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "thalweg/version.hpp"

namespace thalweg::bench {
namespace {

/// A run of 256 samples, 3000 bytes and 4000 operations took 2 ms in the median.
Result made_up() {
  Result result;
  result.subject = {.workload = "logistic",
                    .shape = {{"features", std::int64_t{60}}, {"order", "shuffled"}},
                    .samples = 256,
                    .cost = {.flops = 4000, .bytes_read = 1000, .bytes_written = 2000}};
  result.timing = {.seconds = {0.001, 0.002, 0.004}, .median = 0.002, .spread = 0.125, .runs = 7};
  return result;
}

std::string row(const std::string& behind) {
  return "logistic   features=60 shuffled" + std::string(36, ' ') +
         "      2 ms   12.5%        128 k      1.5 MB            2 M" + behind + "\n";
}

TEST(BenchReport, AResultIsARowOfWhatWasMeasured) { EXPECT_EQ(to_text(made_up()), row("")); }

TEST(BenchReport, ARowEndsWithLimitRatioAndFiguresWhereThereAreAny) {
  Result result = made_up();
  result.subject.limit = std::make_shared<Limit>("read", [] { return 1.0; });
  result.timing.limit_rate = 12.5e9;
  result.timing.percent_of_limit = 87.4;
  EXPECT_EQ(to_text(result), row("  87 % of read at 12.5 G"));
  result.subject.limit = nullptr;
  result.timing.ratio_to_first = 1.23456;
  EXPECT_EQ(to_text(result), row(", 1.235 x plain"));
  result.timing.ratio_to_first = 0;
  result.subject.figures = {{"extra_bytes", 0}, {"progressive_loss", 0.671875}};
  EXPECT_EQ(to_text(result), row(", progressive_loss 0.671875"));
  result.subject.figures = {};
  result.timing.disturbed = true;
  EXPECT_EQ(to_text(result), row("  (disturbed)"));
}

TEST(BenchReport, InANarrowWindowARowTakesTwoLines) {
  Result result = made_up();
  result.subject.limit = std::make_shared<Limit>("read", [] { return 1.0; });
  result.timing.limit_rate = 12.5e9;
  result.timing.percent_of_limit = 87.4;
  EXPECT_EQ(to_text(result, 155),
            "logistic features=60 shuffled\n"
            "       2 ms   12.5%      128 k    1.5 MB       2 M  87 % of read at 12.5 G\n");
  EXPECT_EQ(to_text(result, 156), row("  87 % of read at 12.5 G"));
}

TEST(BenchReport, NumbersHaveThreeDigitsAndThePrefixOfTheirSize) {
  const auto median = [](double seconds) {
    Result result = made_up();
    result.timing.median = seconds;
    std::string text = to_text(result).substr(68, 9);
    return text.substr(text.find_first_not_of(' '));
  };
  EXPECT_EQ(median(1e-9), "1 ns");
  EXPECT_EQ(median(123.4e-9), "123 ns");
  EXPECT_EQ(median(1.5e-6), "1.5 us");
  EXPECT_EQ(median(0.25), "250 ms");
  EXPECT_EQ(median(2), "2 s");
  EXPECT_EQ(median(2500), "2.5 ks");
  EXPECT_EQ(median(3e6), "3 Ms");
  EXPECT_EQ(median(3e9), "3 Gs");
  EXPECT_EQ(median(3e12), "3 Ts");
  EXPECT_EQ(median(4e15), "4e+03 Ts") << "there is no larger prefix";
  EXPECT_EQ(median(1e-12), "0.001 ns") << "nor a smaller one";
  Result nothing = made_up();
  nothing.subject.cost = {};
  EXPECT_EQ(to_text(nothing).substr(86, 40), "       128 k           -              -\n");
}

/// Measured once for all tests, in half a second.
class BenchReportOfMachine : public testing::Test {
 protected:
  static const Machine& machine() {
    static const Context ctx({.device = "cpu", .threads = 2});
    static const Machine measured(ctx, {.repetitions = 1, .seconds = 0}, 1 << 20);
    return measured;
  }
  const Machine& machine_ = machine();
};

TEST_F(BenchReportOfMachine, AResultInJsonHasItsRatesAndNullForWhatThereIsNot) {
  const std::string device = machine_.description().device;
  EXPECT_EQ(
      to_json(made_up(), machine_).dump(),
      R"({"kind":"result","workload":"logistic","shape":{"features":60,"order":"shuffled"},"device":")" +
          device +
          R"(","threads":2,"seconds":0.002,"spread":0.125,"repetitions":[0.001,0.002,0.004],"runs":7,)"
          R"("disturbed":false,"samples_per_second":128000.0,"bytes":3000,"flops":4000,)"
          R"("bytes_per_second":1500000.0,"flops_per_second":2000000.0,"limit":null,"limit_rate":null,)"
          R"("percent_of_limit":null,"check":null})");
}

TEST_F(BenchReportOfMachine, AResultInJsonNamesItsLimitTheWorstCheckAndItsFigures) {
  Result result = made_up();
  result.subject.limit = std::make_shared<Limit>("read", [] { return 1.0; });
  result.subject.figures = {{"extra_bytes", 512}};
  result.timing.limit_rate = 1e9;
  result.timing.percent_of_limit = 87.5;
  result.timing.ratio_to_first = 1.25;
  result.timing.disturbed = true;
  result.checks = {{"loss", 0.25, 1}, {"gradient", 0.5, 4}, {"values", 0, 0}};
  const std::string text = to_json(result, machine_).dump();
  EXPECT_EQ(text.substr(text.find("\"limit\"")),
            R"("limit":"read","limit_rate":1000000000.0,"percent_of_limit":87.5,)"
            R"("check":{"of":"loss","error":0.25,"bound":1.0},"ratio_to_plain":1.25,"extra_bytes":512.0})");
  EXPECT_NE(text.find("\"disturbed\":true"), std::string::npos);
  result.checks.push_back({"broken", 1e-9, 0});
  EXPECT_EQ(to_json(result, machine_).at("check").at("of").dump(), "\"broken\"")
      << "beyond a bound of nothing";
}

TEST_F(BenchReportOfMachine, TheMachineIsALineAndALineForEachFigure) {
  const MachineDescription& about = machine_.description();
  const std::string text = to_text(machine_);
  EXPECT_TRUE(text.starts_with(fmt::format("{} on {}, 2 of {} threads, {:.1f} GiB\n  read             ",
                                           about.device, about.processor, about.processors,
                                           static_cast<double>(about.memory_bytes) / 1073741824)))
      << text;
  EXPECT_TRUE(text.ends_with(
      "\n\nworkload   shape                                                       median  spread    samples/s"
      "     bytes/s   operations/s  of the limit\n"))
      << text;
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')),
            1 + machine_.figures().size() + 2);
  EXPECT_TRUE(
      to_text(machine_, 155)
          .ends_with(
              "\n\nworkload, shape\n     median  spread  samples/s   bytes/s     ops/s  of the limit\n"))
      << to_text(machine_, 155);
}

TEST_F(BenchReportOfMachine, TheMachineInJsonHasItsFiguresWithUnitAndBytes) {
  const MachineDescription& about = machine_.description();
  const Json object = to_json(machine_);
  EXPECT_TRUE(object.dump().starts_with(
      fmt::format(R"({{"kind":"machine","version":"{}","device":"{}",)", kVersion, about.device)));
  EXPECT_EQ(object.at("threads").dump(), "2");
  EXPECT_EQ(object.at("processor").dump(), "\"" + about.processor + "\"");
  EXPECT_EQ(object.at("processors").dump(), std::to_string(about.processors));
  EXPECT_EQ(object.at("memory_bytes").dump(), std::to_string(about.memory_bytes));
  EXPECT_EQ(object.at("cache_bytes").array().size(), about.cache_bytes.size());
  EXPECT_EQ(object.at("figures").object().size(), machine_.figures().size());
  const Json& copy = object.at("figures").at("copy");
  EXPECT_EQ(copy.at("value").dump(), Json(machine_.rate("copy")).dump());
  EXPECT_EQ(copy.at("unit").dump(), "\"B/s\"");
  EXPECT_EQ(copy.at("bytes").dump(), std::to_string(2 << 20));
}

/// What is gone over: half of a cache of a core's own for each thread, at most 12 MiB of a shared one.
TEST_F(BenchReportOfMachine, FiguresAreOfTheMemoryTheyNameInTheirOrder) {
  std::vector<std::pair<std::string, std::int64_t>> wanted{{"read", 1 << 20},
                                                           {"copy", 2 << 20},
                                                           {"copy.streaming", 2 << 20},
                                                           {"triad", 3 << 20},
                                                           {"update", 4 << 20}};
  const std::vector<std::int64_t>& cache = machine_.description().cache_bytes;
  for (std::size_t level = 0; level < cache.size(); ++level) {
    const std::int64_t bytes = level < 2 ? cache[level] : std::min<std::int64_t>(cache[level] / 2, 12 << 20);
    if (bytes > 0) wanted.emplace_back("cache.L" + std::to_string(level + 1), bytes);
  }
  wanted.emplace_back("fma", 0);
  ASSERT_EQ(machine_.figures().size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const MachineFigure& figure = machine_.figures()[i];
    EXPECT_EQ(figure.name, wanted[i].first);
    EXPECT_EQ(figure.bytes, wanted[i].second) << figure.name;
    EXPECT_EQ(figure.unit, figure.name == "fma" ? "flop/s" : "B/s");
    EXPECT_GT(figure.value, 0) << figure.name;
  }
}

}  // namespace
}  // namespace thalweg::bench
