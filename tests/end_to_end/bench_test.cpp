// `thalweg bench` as a user runs it, at tiny shapes: what it prints, never how fast it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "host/bench/bench.hpp"
#include "host/bench/made_data.hpp"
#include "host/checkpoint/files.hpp"
#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// Shapes and times so small that all workloads take a second or two.
std::vector<std::string> tiny(std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"bench",          "--device=cpu",   "--threads=2",   "--memory=1",
                                     "--time=0",       "--rows=200",     "--features=60", "--batch=32",
                                     "--entries=9",    "--hidden=16,12", "--outputs=4",   "--parameters=3000",
                                     "--repetitions=2"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::string output_of(const std::vector<std::string>& arguments, const std::string& input = "") {
  std::ostringstream out, err;
  std::istringstream in(input);
  EXPECT_EQ(cli::run(arguments, {out, err, &in}), 0) << err.str();
  EXPECT_EQ(err.str(), "");
  return out.str();
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

TEST(BenchCommand, EveryWorkloadGivesLinesWithAllFields) {
  const std::vector<json> lines = lines_of(output_of(tiny({"--json"})));
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0]["kind"], "machine");
  EXPECT_GT(lines[0]["figures"]["fma"]["value"], 0);
  std::set<std::string> seen;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const json& line = lines[i];
    for (const char* field : {"workload", "shape", "device", "threads", "runs", "disturbed", "bytes", "flops",
                              "limit", "limit_rate", "check", "samples_per_second", "bytes_per_second",
                              "flops_per_second", "percent_of_limit"})
      EXPECT_TRUE(line.contains(field)) << field << " in " << line;
    EXPECT_EQ(line["kind"], "result");
    EXPECT_GT(line["seconds"], 0) << line;
    EXPECT_GE(line["spread"], 0) << line;
    EXPECT_GE(line["repetitions"].size(), 2u) << line;
    EXPECT_GT(line["bytes"], 0) << line;
    if (!line["check"].is_null()) {
      EXPECT_LE(line["check"]["error"], line["check"]["bound"]) << line;
    }
    seen.insert(line["workload"]);
  }
  for (const auto& [name, about] : bench::workload_list())
    EXPECT_EQ(seen.count(name), name == "machine" ? 0 : 1) << name;
}

TEST(BenchCommand, PerSampleStepsAreHeldAgainstThePlainOne) {
  const std::vector<json> lines = lines_of(output_of(tiny({"per_sample", "--json"})));
  ASSERT_EQ(lines.size(), 5u);
  const char* const steps[] = {"plain", "norms", "clipped", "statistics"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(lines[i + 1]["shape"]["step"], steps[i]);
    EXPECT_EQ(lines[i + 1].contains("ratio_to_plain"), i > 0);
  }
  EXPECT_EQ(lines[1]["extra_bytes"], 0);
  // Clipping keeps every layer's output gradient: at most batch times the sum of widths more than a plain
  // step.
  EXPECT_LE(lines[3]["extra_bytes"], 4 * 32 * (16 + 12 + 4));
  const std::vector<json> one = lines_of(output_of(tiny({"per_sample", "--step=norms", "--json"})));
  ASSERT_EQ(one.size(), 2u);
  EXPECT_EQ(one[1]["shape"]["step"], "norms");
}

struct Expected {
  const char* shape;
  double samples, bytes, flops;
  const char* limit;  ///< null: the machine decides which binds
};

/// The lines of all workloads at the tiny shapes, taken once: measuring the machine takes a second. With one
/// repetition, so that shares are of the times that are told.
const std::vector<json>& all_lines() {
  static const std::vector<json> lines = [] {
    std::vector<std::string> arguments = tiny({"--json"});
    std::replace(arguments.begin(), arguments.end(), std::string("--repetitions=2"),
                 std::string("--repetitions=1"));
    return lines_of(output_of(arguments));
  }();
  return lines;
}

std::vector<json> lines_of_workload(const std::string& name) {
  std::vector<json> found;
  for (const json& line : all_lines())
    if (line.value("workload", "") == name) found.push_back(line);
  return found;
}

void expect_results(const std::string& workload, const std::vector<Expected>& wanted) {
  const std::vector<json> lines = lines_of_workload(workload);
  ASSERT_EQ(lines.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const json& line = lines[i];
    const Expected& want = wanted[i];
    const double seconds = line["seconds"];
    EXPECT_EQ(line["shape"].dump(), want.shape);
    EXPECT_EQ(line["bytes"], want.bytes) << want.shape;
    EXPECT_EQ(line["flops"], want.flops) << want.shape;
    EXPECT_NEAR(line["samples_per_second"].get<double>() * seconds, want.samples, 1e-6) << want.shape;
    EXPECT_NEAR(line["bytes_per_second"].get<double>() * seconds, want.bytes, 1e-3) << want.shape;
    EXPECT_NEAR(line["flops_per_second"].get<double>() * seconds, want.flops, 1e-3) << want.shape;
    if (line["limit"].is_null()) {
      EXPECT_EQ(want.limit, std::string("none")) << want.shape;
      continue;
    }
    if (want.limit != nullptr) {
      EXPECT_EQ(line["limit"], want.limit) << want.shape;
    }
    if (line["repetitions"].size() > 1) continue;  // disturbed and repeated: each is a median of its own
    const double amount = line["limit"] == "fma" ? want.flops : want.bytes;
    EXPECT_NEAR(line["percent_of_limit"].get<double>() / 100 * line["limit_rate"].get<double>() * seconds,
                amount, 1e-6 * amount)
        << want.shape;
  }
}

/// 32 rows of 60 floats, targets, outputs, losses and gradients of 32, and 61 parameters that the step, the
/// norm and the update go over: 7680 + 4 * 128 + 6 * 244. Of more classes as the costs of the ops say.
TEST(BenchCommand, LinearStepsAreHeldAgainstReadingTheirRows) {
  expect_results("logistic",
                 {{R"({"batch":32,"features":60,"order":"sequential"})", 32, 9656, 8656, "read"},
                  {R"({"batch":32,"features":60,"order":"shuffled"})", 32, 9656, 8656, "read of rows"}});
  expect_results("softmax",
                 {{R"({"batch":32,"features":60,"order":"sequential"})", 32, 23656, 36288, "read"},
                  {R"({"batch":32,"features":60,"order":"shuffled"})", 32, 23656, 36288, "read of rows"}});
}

/// A column that the batch touches costs 28 bytes and 16 operations; both orders touch equally many.
TEST(BenchCommand, SparseStepsCountTheColumnsThatTheirFirstBatchTouches) {
  expect_results(
      "sparse", {{R"({"batch":32,"entries":9,"features":60,"order":"sequential"})", 32, 12172, 2032, nullptr},
                 {R"({"batch":32,"entries":9,"features":60,"order":"shuffled"})", 32, 12172, 2032, nullptr}});
}

TEST(BenchCommand, ANetworkIsNamedByItsLayersAndOptimizer) {
  expect_results("mlp", {{R"({"batch":32,"layers":"60-16-12-4","optimizer":"adam","order":"shuffled"})", 32,
                          105928, 193024, nullptr}});
}

/// A parameter and its gradient are read and it is written, and each state is read and written: 12 bytes, and
/// 8 for each state.
TEST(BenchCommand, AnUpdateMovesItsParametersGradientAndStates) {
  std::vector<Expected> wanted;
  std::vector<std::string> shapes;
  for (const auto& [rule, name] : kNames<Rule>)
    shapes.push_back(R"({"optimizer":")" + std::string(name) + R"(","parameters":3000,"tensors":1})");
  for (std::size_t i = 0; i < shapes.size(); ++i)
    wanted.push_back(
        {shapes[i].c_str(), 0, 3000.0 * (12 + 8 * state_count(kNames<Rule>[i].value)), 14 * 3000, "update"});
  expect_results("update", wanted);
}

/// x [32, in], weight [out, in], bias [out] where it is added or summed, result; two operations a product.
TEST(BenchCommand, ProductsAreThoseOfEveryLayerButTheGradientByTheData) {
  expect_results("gemm",
                 {{R"({"batch":32,"in":60,"out":16,"product":"forward"})", 32, 13632, 61440, nullptr},
                  {R"({"batch":32,"in":60,"out":16,"product":"parameter_grad"})", 32, 13632, 61952, nullptr},
                  {R"({"batch":32,"in":16,"out":12,"product":"forward"})", 32, 4400, 12288, nullptr},
                  {R"({"batch":32,"in":16,"out":12,"product":"input_grad"})", 32, 4352, 12288, nullptr},
                  {R"({"batch":32,"in":16,"out":12,"product":"parameter_grad"})", 32, 4400, 12672, nullptr},
                  {R"({"batch":32,"in":12,"out":4,"product":"forward"})", 32, 2256, 3072, nullptr},
                  {R"({"batch":32,"in":12,"out":4,"product":"input_grad"})", 32, 2240, 3072, nullptr},
                  {R"({"batch":32,"in":12,"out":4,"product":"parameter_grad"})", 32, 2256, 3200, nullptr}});
}

/// Files of 200 rows: npy has a header of 128 bytes, npz two members of 48128 and 928 with 194 bytes about
/// them, idx a header of 12.
TEST(BenchCommand, ReadersAreHeldAgainstReadingTheBytesOfTheirFile) {
  const std::vector<json> lines = lines_of_workload("data");
  ASSERT_EQ(lines.size(), 17u);
  const char* const readers[] = {"npy", "npz", "csv", "csv.gz", "libsvm", "idx"};
  for (std::size_t i = 0; i < 6; ++i) {
    const json& line = lines[i];
    EXPECT_EQ(line["shape"].dump(),
              R"({"features":60,"reader":")" + std::string(readers[i]) + R"(","rows":200})");
    EXPECT_EQ(line["check"].dump(),
              R"({"bound":0.0,"error":0.0,"of":"values of )" + std::string(readers[i]) + "\"}");
    EXPECT_EQ(line["limit"], "file");
    EXPECT_NEAR(line["samples_per_second"].get<double>() * line["seconds"].get<double>(), 200, 1e-6);
  }
  EXPECT_EQ(lines[0]["bytes"], 128 + 200 * 60 * 4);
  EXPECT_EQ(lines[1]["bytes"], 48128 + 928 + 2 * (30 + 46 + 2 * 5) + 22);
  EXPECT_EQ(lines[5]["bytes"], 12 + 200 * 60);
  EXPECT_GT(lines[2]["bytes"], 200 * 60 * 9);
  EXPECT_LT(lines[3]["bytes"], 0.6 * lines[2]["bytes"].get<double>()) << "compressed";
  EXPECT_GT(lines[4]["bytes"], lines[2]["bytes"].get<double>()) << "with an index each";
}

/// What the share of the limit says was moved: bytes of the limit's kind.
double moved(const json& line) {
  return line["percent_of_limit"].get<double>() / 100 * line["limit_rate"].get<double>() *
         line["seconds"].get<double>();
}

/// The shard has a page of header and targets and 48000 bytes of features, so that a block of whole pages is
/// 12 of them. With --memory=1 one block is read at a time, or 8 single pages.
TEST(BenchCommand, TheDiskIsReadInBlocksAndPagesOfTheShards) {
  const std::vector<json> lines = lines_of_workload("data");
  ASSERT_EQ(lines.size(), 17u);
  EXPECT_EQ(lines[8]["shape"].dump(), R"({"block":49152,"order":"sequential","reader":"disk","reads":1})");
  EXPECT_EQ(lines[9]["shape"].dump(), R"({"block":49152,"order":"random","reader":"disk","reads":1})");
  EXPECT_EQ(lines[10]["shape"].dump(), R"({"block":4096,"order":"random","reader":"disk","reads":8})");
  EXPECT_EQ(lines[8]["bytes"], 49152);
  EXPECT_EQ(lines[9]["bytes"], 49152);
  EXPECT_EQ(lines[10]["bytes"], 8 * 4096);
  for (std::size_t i = 8; i < 11; ++i) EXPECT_TRUE(lines[i]["limit"].is_null());
}

/// All 200 rows of 240 bytes; single rows are held against a page each, a batch in the middle of an epoch
/// against its window, which all rows are in. A batch of the order is a list of 32
/// numbers of 8 bytes.
TEST(BenchCommand, LoadersOfShardsAreHeldAgainstTheDisk) {
  const std::vector<json> lines = lines_of_workload("data");
  ASSERT_EQ(lines.size(), 17u);
  const std::pair<const char*, const char*> loaders[] = {
      {"rows", "later"}, {"blocks", "later"}, {"blocks", "first"}, {"blocks", "later"}};
  for (std::size_t i = 0; i < 4; ++i) {
    const json& line = lines[11 + i];
    const auto& [order, epoch] = loaders[i];
    const int rows = i < 3 ? 200 : 32;
    EXPECT_EQ(line["shape"].dump(), R"({"batch":32,"epoch":")" + std::string(epoch) +
                                        R"(","features":60,"order":")" + order + R"(","reader":")" +
                                        (i < 3 ? "loader" : "seek") + R"(","rows":)" + std::to_string(rows) +
                                        "}");
    EXPECT_EQ(line["check"].dump(),
              R"({"bound":0.0,"error":0.0,"of":"rows in the order )" + std::string(order) + "\"}");
    EXPECT_EQ(line["limit"], "disk, random");
    EXPECT_EQ(line["bytes"], rows * 240);
    EXPECT_NEAR(line["samples_per_second"].get<double>() * line["seconds"].get<double>(), rows, 1e-6);
    if (line["repetitions"].size() == 1) {
      EXPECT_NEAR(moved(line), i == 0 ? 200 * 4096 : 48000, 1) << order;
    }
  }
  EXPECT_EQ(lines[15]["shape"].dump(), R"({"features":60,"reader":"pass","rows":200})");
  EXPECT_EQ(lines[15]["check"].dump(), R"({"bound":0.0,"error":0.0,"of":"rows of a pass"})");
  EXPECT_EQ(lines[15]["limit"], "disk");
  EXPECT_EQ(lines[15]["bytes"], 48000);
  EXPECT_EQ(lines[16]["shape"].dump(), R"({"batch":32,"reader":"order","rows":200})");
  EXPECT_EQ(lines[16]["bytes"], 32 * 8);
  EXPECT_TRUE(lines[16]["limit"].is_null());
}

/// Arrays against writing what they become, texts against their own parser.
TEST(BenchCommand, ConvertIsHeldAgainstWritingOrParsing) {
  const std::vector<json> lines = lines_of_workload("data");
  ASSERT_EQ(lines.size(), 17u);
  const json &npy = lines[6], &csv = lines[7];
  EXPECT_EQ(npy["shape"].dump(), R"({"features":60,"from":"npy","reader":"convert","rows":200})");
  EXPECT_EQ(csv["shape"].dump(), R"({"features":60,"from":"csv","reader":"convert","rows":200})");
  EXPECT_EQ(npy["check"].dump(), R"({"bound":0.0,"error":0.0,"of":"rows of a set from npy"})");
  EXPECT_EQ(csv["check"].dump(), R"({"bound":0.0,"error":0.0,"of":"rows of a set from csv"})");
  EXPECT_EQ(npy["limit"], "write");
  EXPECT_EQ(csv["limit"], "parser");
  const double array = 128 + 200 * 60 * 4, shard = 4096 + 200 * 60 * 4, text = lines[2]["bytes"];
  const double set = npy["bytes"].get<double>() - array;
  EXPECT_GT(set, shard);
  EXPECT_LT(set, shard + 2000) << "and a manifest";
  EXPECT_GT(csv["bytes"], text + shard);
  if (npy["repetitions"].size() == 1) {
    EXPECT_NEAR(moved(npy), set, 1);
  }
  if (csv["repetitions"].size() == 1) {
    EXPECT_NEAR(moved(csv), text, 1);
  }
}

/// A window of 8 slices has 4 blocks of 546 rows in each.
TEST(BenchCommand, ManyRowsAreReadInBlocksOf128KiBAndOnly8192Singly) {
  std::vector<std::string> arguments = tiny({"data", "--json", "--no-check", "--reader=disk,loader,seek"});
  std::replace(arguments.begin(), arguments.end(), std::string("--rows=200"), std::string("--rows=20000"));
  std::replace(arguments.begin(), arguments.end(), std::string("--repetitions=2"),
               std::string("--repetitions=1"));
  const std::vector<json> lines = lines_of(output_of(arguments));
  ASSERT_EQ(lines.size(), 8u);
  EXPECT_EQ(lines[1]["shape"]["block"], 131072);
  EXPECT_EQ(lines[2]["shape"]["block"], 131072);
  EXPECT_EQ(lines[3]["shape"]["block"], 4096);
  EXPECT_EQ(lines[4]["shape"]["rows"], 8192);
  EXPECT_EQ(lines[5]["shape"]["rows"], 20000);
  EXPECT_EQ(lines[6]["shape"]["rows"], 20000);
  const json& seek = lines[7];
  EXPECT_EQ(seek["shape"]["reader"], "seek");
  EXPECT_EQ(seek["shape"]["rows"], 32);
  if (seek["repetitions"].size() == 1) {
    EXPECT_NEAR(moved(seek), 546 * 4 * 8 * 240, 1);
  }
}

TEST(BenchCommand, ReadersAreChosenByNameAndLeaveNoFiles) {
  const TemporaryFolder folder;
  const std::string scratch = "--scratch=" + folder.path("scratch");
  const std::vector<json> lines =
      lines_of(output_of(tiny({"data", "--json", "--reader=convert,order", scratch})));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[1]["shape"]["from"], "npy");
  EXPECT_EQ(lines[2]["shape"]["from"], "csv");
  EXPECT_EQ(lines[3]["shape"]["reader"], "order");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path("scratch")));
  std::ostringstream out, err;
  EXPECT_EQ(cli::run(tiny({"data", "--reader=loaders"}), {out, err, nullptr}), 2);
  EXPECT_THAT(err.str(),
              HasSubstr("--reader is \"loaders\"; want of npy, npz, csv, csv.gz, libsvm, idx, disk, "
                        "loader, seek, pass, convert, order; did you mean \"loader\"?"));
}

TEST(BenchCommand, TheReferenceIsADeviceAsWell) {
  auto arguments = tiny({"logistic", "gemm", "--json"});
  arguments[1] = "--device=reference";
  EXPECT_EQ(lines_of(output_of(arguments))[0]["device"], "reference");
}

TEST(BenchCommand, TextIsATableUnderTheFiguresOfTheMachine) {
  const std::string text = output_of(tiny({"logistic", "--order=shuffled"}));
  EXPECT_THAT(text, HasSubstr("flop/s"));
  EXPECT_THAT(text, HasSubstr("of the limit"));
  EXPECT_THAT(text, HasSubstr("features=60 batch=32 shuffled"));
  EXPECT_THAT(text, Not(HasSubstr("sequential")));
}

TEST(BenchCommand, OnRequestAnswersEachLineWithARepetition) {
  const std::string out =
      output_of(tiny({"logistic", "--order=shuffled", "--on-request"}), "go\ngo\nend\nnobody reads this\n");
  const std::vector<json> lines = lines_of(out);
  ASSERT_EQ(lines.size(), 3u) << out;
  EXPECT_EQ(lines[0]["ready"], "features=60 batch=32 shuffled");
  for (std::size_t i = 1; i < 3; ++i) {
    EXPECT_GT(lines[i]["seconds"], 0);
    EXPECT_GT(lines[i]["samples_per_second"], 0);
  }
}

/// The numbers of an npy file of one dimension: its header has 128 bytes.
template <class T>
std::vector<T> bytes_behind_header(const std::string& bytes) {
  std::vector<T> numbers((bytes.size() - 128) / sizeof(T));
  std::memcpy(numbers.data(), bytes.data() + 128, numbers.size() * sizeof(T));
  return numbers;
}

TEST(BenchCommand, WritesTheDataItMadeForOtherPrograms) {
  const TemporaryFolder folder;
  output_of(tiny({"logistic", "--write-data=" + folder.path("dense")}));
  output_of(tiny({"sparse", "--write-data=" + folder.path("sparse")}));
  Config config;
  config.data.train = folder.path("dense/x.npy");
  config.data.target = folder.path("dense/target.npy");
  config.data.standardize = Tristate::no;
  const Dataset data = read_training_data(config.data, TargetUse::classes);
  EXPECT_EQ(data.rows, 200);
  EXPECT_EQ(data.features, 60);
  const Context ctx({.device = "cpu", .threads = 1});
  const Dataset made = bench::made_dense(ctx, 200, 60, 2), sparse = bench::made_sparse(ctx, 200, 60, 9);
  EXPECT_EQ(data.dense_f32, made.dense_f32);
  EXPECT_EQ(data.target, made.target);
  const auto floats = [&](const std::string& name) {
    return bytes_behind_header<float>(read_file(folder.path("sparse/" + name + ".npy")));
  };
  const auto integers = [&](const std::string& name) {
    return bytes_behind_header<std::int64_t>(read_file(folder.path("sparse/" + name + ".npy")));
  };
  EXPECT_EQ(floats("values"), sparse.values);
  EXPECT_EQ(floats("target"), sparse.target);
  EXPECT_EQ(integers("offsets"), sparse.offsets);
  EXPECT_EQ(integers("columns"), std::vector<std::int64_t>(sparse.columns.begin(), sparse.columns.end()));
}

TEST(BenchCommand, HelpNamesTheWorkloads) {
  const std::string help = output_of({"bench", "--help"});
  for (const auto& [name, about] : bench::workload_list()) EXPECT_THAT(help, HasSubstr(name + ": " + about));
}

/// Every long flag that --help lists, and no other.
TEST(BenchCommand, CompletionKnowsEveryFlag) {
  const std::string help = output_of({"bench", "--help"});
  const std::string bash = output_of({"completion", "bash"}), fish = output_of({"completion", "fish"});
  std::istringstream words(help);
  int flags = 0;
  for (std::string word; words >> word;) {
    const std::string flag = word.substr(0, word.find_first_of(",{"));
    if (!flag.starts_with("--") || flag.starts_with("--help")) continue;
    ++flags;
    EXPECT_THAT(bash, HasSubstr(flag + " "));
    EXPECT_THAT(fish, HasSubstr("bench' -l '" + flag.substr(2) + "'"));
  }
  EXPECT_GE(flags, 20);
  const std::string begin = "bench' -l '";
  int completed = 0;
  for (std::size_t at = 0; (at = fish.find(begin, at)) != std::string::npos; at += begin.size()) ++completed;
  EXPECT_EQ(completed, flags);
}

}  // namespace
}  // namespace thalweg::test
