#pragma once
// The thalweg program. Results go to `out`, everything else to `err`.
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "host/bench/options.hpp"

namespace thalweg::cli {

struct Streams {
  std::ostream& out;
  std::ostream& err;
  std::istream* in = nullptr;  ///< for the commands that read stdin
};

/// Runs one command line (without the program's name) and returns its exit code; never throws.
int run(const std::vector<std::string>& arguments, Streams streams);

/// Throws IoError where what was written to `out` did not get there.
void flush_output(Streams streams);

/// The arguments that every command has besides its own.
struct Common {
  bool json = false;
  bool quiet = false;
  std::vector<std::string> settings;  ///< --section.key=value
};

struct TrainArguments : Common {
  std::string config_file;
};
struct EvaluateArguments : Common {
  std::string model;
  std::string rows = "test";        ///< test, validation or train
  std::optional<double> threshold;  ///< of the second class's probability
};
struct PredictArguments : Common {
  std::string model;
  std::string output;               ///< .csv, .jsonl or .npy; empty: text on stdout
  std::string rows = "test";        ///< test, validation or train
  std::optional<double> threshold;  ///< of the second class's probability
  std::int64_t top_k = 0;           ///< classes per row, the likeliest first; 0: all, in their order
  bool with_target = false;
};
struct GradientsArguments : Common {
  std::string model;
  std::string output;  ///< .npy
};
struct ConvertArguments : Common {
  std::string data, out;
  std::int64_t shard_mb = 64;     ///< MiB of features in one shard
  std::string dtype = "f32";      ///< of dense numbers: f32, f16 or bf16
  std::string compress = "none";  ///< none or zstd
  bool no_target = false;         ///< rows to predict
};
struct ExportArguments : Common {
  std::string model;
  std::string to;  ///< .onnx, or .md for a model card
};
struct ReportArguments : Common {
  std::vector<std::string> runs;
  std::string output;  ///< .html; empty: report.html in the folder of the runs
  std::string metric;  ///< that sorts several runs
  bool standard_errors = false;
};
struct WatchArguments : Common {
  std::vector<std::string> runs;
  double interval = 1;  ///< seconds between two looks
  bool once = false;
};
struct VerifyArguments : Common {
  std::string config_file;
  std::string first = "cpu", second = "auto";
  std::int64_t steps = 20;
};
struct InspectArguments : Common {
  std::string path;
  bool verify = false;
  bool standard_errors = false;
  bool weights = false;
  bool sort = false;  ///< the largest weights or importances first
  bool importance = false;
  std::string metric;  ///< of the importance; empty: accuracy or r2
  std::int64_t repeats = 5;
  std::string rows = "test";  ///< of the importance: test, validation or train
};
struct SchemaArguments {
  bool json = false, markdown = false;
};
struct BenchArguments : Common {
  std::vector<std::string> workloads;                            ///< empty: all
  std::string numerics = std::string(name_of(Numerics::exact));  ///< read into options, as optimizers
  std::vector<std::string> optimizers;
  bench::Options options;
};

int train_command(const TrainArguments& arguments, Streams streams);
int evaluate_command(const EvaluateArguments& arguments, Streams streams);
int predict_command(const PredictArguments& arguments, Streams streams);
int gradients_command(const GradientsArguments& arguments, Streams streams);
int convert_command(const ConvertArguments& arguments, Streams streams);
int export_command(const ExportArguments& arguments, Streams streams);
int report_command(const ReportArguments& arguments, Streams streams);
int watch_command(const WatchArguments& arguments, Streams streams);
int verify_command(const VerifyArguments& arguments, Streams streams);
int inspect_command(const InspectArguments& arguments, Streams streams);
int bench_command(const BenchArguments& arguments, Streams streams);
int info_command(const Common& arguments, Streams streams);
int schema_command(const SchemaArguments& arguments, Streams streams);
/// `topic`: a setting, by any of its names, or a section.
int help_command(const std::string& topic, Streams streams);
int completion_command(const std::string& shell, Streams streams);

}  // namespace thalweg::cli
