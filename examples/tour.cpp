// The public headers one after another: each function shows the main calls of one header on data of a few
// rows.
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "thalweg/thalweg.hpp"
#include "thalweg/version.hpp"
#include "tour_data.hpp"

namespace {

bool version_example() { return std::string(thalweg::kVersion).find('.') != std::string::npos; }

bool choices_example() { return thalweg::name_of(thalweg::Numerics::exact) == "exact"; }

bool names_example() {
  return thalweg::value_named<thalweg::Resume>("never") == thalweg::Resume::never &&
         !thalweg::value_named<thalweg::Resume>("unheard of");
}

bool loss_example() { return thalweg::traits_of(thalweg::Loss::logistic).classification; }

bool setting_example() { return thalweg::from_to(0, 1).low == 0 && !thalweg::from_to(0, 1).high_open; }

bool config_example() {
  thalweg::Config config;
  thalweg::set_config_value(config, "optimizer.lr", "0.5");
  thalweg::validate_config(config);
  return config.optimizer.lr == 0.5 && thalweg::to_toml(config).find("[optimizer]") != std::string::npos;
}

bool error_example() {
  try {
    thalweg::Config config;
    thalweg::set_config_value(config, "optimizer.learnrate", "0.5");
  } catch (const thalweg::ConfigError& error) {  // names the setting that was probably meant
    return error.code() == thalweg::ExitCode::config;
  }
  return false;
}

bool devices_example() {
  for (const thalweg::DeviceInfo& info : thalweg::devices())
    std::printf("%-12s %s\n", info.device.c_str(), info.usable() ? "usable" : info.refusal.c_str());
  return thalweg::devices().back().device == "reference";
}

bool context_example() {
  const thalweg::Context ctx({.device = "cpu", .threads = 1});
  return ctx.device() == "cpu" && ctx.threads() == 1;
}

bool dataset_example() {
  const thalweg::Dataset data = small_data();
  const thalweg::Split split = thalweg::split_rows(data.rows, /*fraction=*/0.25, /*seed=*/1);
  return thalweg::schema_of(data).features == 2 &&
         split.train.size() + split.validation.size() == static_cast<std::size_t>(data.rows);
}

bool shards_example() {
  const auto folder = std::filesystem::temp_directory_path() / "thalweg_tour_shards";
  std::filesystem::remove_all(folder);
  const thalweg::ConvertReport report = thalweg::write_shards(small_data(), folder.string());
  const thalweg::Dataset stored = thalweg::open_shards(folder.string());  // its features stay on the disk
  std::filesystem::remove_all(folder);
  return report.shards == 1 && stored.rows == 64 && stored.dense_f32.empty() && stored.target.size() == 64;
}

bool read_progress_example(const std::string& folder) {
  thalweg::DataConfig config;
  config.train = folder + "/a9a";
  std::int64_t calls = 0;
  const auto count = [&](const std::string&, std::int64_t, std::int64_t) { ++calls; };
  const thalweg::Dataset data =
      thalweg::read_training_data(config, thalweg::TargetUse::automatic, {.progress = count, .threads = 1});
  std::printf("%lld rows, %lld reports of progress\n", static_cast<long long>(data.rows),
              static_cast<long long>(calls));
  return data.sparse && data.classes.size() == 2;
}

bool tensor_example() {
  std::vector<float> values{1, 2, 3, 4, 5, 6};
  const thalweg::Matrix view = thalweg::matrix(values.data(), /*rows=*/2, /*cols=*/3);
  return view.row(1)[0] == 4;
}

bool named_tensor_example() {
  thalweg::Model model(thalweg::Context(), linear_spec(small_data()));
  std::vector<thalweg::NamedTensor> parameters = model.parameters();
  parameters[0].values = {1, -1};  // "layers.0.weight" [1, 2]
  model.set_parameters(parameters);
  return model.predict(small_data()).values[1] == 1;
}

bool model_example() {
  const thalweg::Dataset data = small_data();
  const thalweg::Model model(thalweg::Context(), linear_spec(data));
  const std::string file = std::filesystem::temp_directory_path() / "thalweg-tour.safetensors";
  model.save(file);
  const thalweg::Model again = thalweg::Model::load(model.context(), file);
  std::filesystem::remove(file);
  return again.predict(data).rows == 64;
}

bool epoch_batches_example() {
  const thalweg::EpochBatches batches({0, 1, 2, 3, 4}, /*batch_size=*/2, /*seed=*/1, /*shuffle=*/true,
                                      /*drop_last=*/false);
  return batches.batches_per_epoch() == 3 && batches.at(/*epoch=*/0, /*batch=*/2).rows().size() == 1;
}

bool schedule_example() {
  thalweg::ScheduleConfig schedule;
  schedule.name = thalweg::ScheduleKind::cosine;
  const double middle = thalweg::scheduled_lr(schedule, 0.5, {.total_steps = 100}, /*step=*/50);
  return std::abs(middle - 0.25) < 0.01;
}

bool learner_example() {
  const thalweg::Dataset data = small_data();
  const thalweg::Model model = trained(data, thalweg::split_rows(data.rows, 0, 1).train);
  return std::abs(model.parameters()[0].values[0] - 1) < 0.01;
}

bool metrics_example() {
  const thalweg::Dataset data = small_data();
  const Rows rows = thalweg::split_rows(data.rows, 0, 1).train;
  return thalweg::evaluate(trained(data, rows), data, &rows)["r2"] > 0.99;
}

bool per_sample_example() {
  const thalweg::Dataset data = small_data();
  const thalweg::Model model(thalweg::Context(), linear_spec(data));
  const std::vector<float> gradients = thalweg::per_sample_gradients(model, data, {0, 1});
  return std::ssize(gradients) == 2 * thalweg::parameter_count(model);
}

bool trainer_example(const std::string& folder) {
  thalweg::TrainObserver observer;
  std::int64_t steps = 0;
  observer.progress = [&](const thalweg::Progress& progress) { steps = progress.step; };
  return thalweg::train(run_on(folder), observer).steps == 20 && steps == 20;
}

bool report_example(const std::string& folder) {
  const auto out = std::filesystem::temp_directory_path() / "thalweg_tour_report";
  std::filesystem::remove_all(out);
  thalweg::Config config = run_on(folder);
  config.out = out.string();
  thalweg::train(config);
  const std::string page = thalweg::run_report(config.out);  // HTML; ReportOptions adds rows to predict
  const std::string comparison = thalweg::runs_report({config.out, config.out}, "train.loss");
  std::filesystem::remove_all(out);
  return page.starts_with("<!DOCTYPE html>") && comparison.find("2 runs") != std::string::npos;
}

bool validate_example() {
  thalweg::Dataset data = small_data();
  thalweg::validate(data);
  thalweg::require_fits(linear_spec(data), data);
  data.dense_f32[3] = std::nanf("");
  try {
    thalweg::validate(data);
  } catch (const thalweg::DataError& error) {
    std::printf("refused: %s\n", error.what());  // row 1, feature 1: the value is nan; ...
    return true;
  }
  return false;
}

/// A model that a program trains on a table in memory, and asks about rows that never were a file.
bool prepare_example() {
  thalweg::RawTable table;
  table.columns = {
      {"size", {1, 2, 3, 4}, {}}, {"color", {}, {"red", "red", "blue", "blue"}}, {"y", {1, 2, 3, 4}, {}}};
  thalweg::Config config;
  config.train.max_steps = 20;
  config.out = std::filesystem::temp_directory_path() / "thalweg-tour-prepare";
  thalweg::train(config, thalweg::fit_transform(table, /*target=*/"y"));
  const thalweg::Model model = thalweg::Model::load(thalweg::Context(), config.out);
  std::filesystem::remove_all(config.out);
  thalweg::RawTable query;
  query.columns = {{"color", {}, {"blue"}}, {"size", {5}, {}}};
  return model.predict(thalweg::prepare(query, model.spec().schema)).rows == 1;
}

bool arrow_example() {
  ArrowArrayStream stream = numbers_as_arrow();
  return thalweg::read_arrow(&stream, "rides").columns[0].numbers.size() == 3;
}

bool views_example() {
  const std::vector<float> table{1, 2, 3, 4};  // of the caller, who keeps it; nothing is copied
  thalweg::Dataset rows = thalweg::matrix_view({table.data(), /*rows=*/2, /*cols=*/2, /*stride=*/2});
  rows.target = {3, 7};
  return thalweg::Model(thalweg::Context(), linear_spec(rows)).predict(rows).rows == 2;
}

bool verify_example(const std::string& folder) {
  thalweg::VerifyOptions options;
  options.second = "reference";
  options.steps = 2;
  return thalweg::verify(run_on(folder), options).passed();
}

/// A sum over 4 MB, which is as fast as the memory that holds them.
bool bench_example() {
  const std::vector<float> values(1'000'000, 1.0f);
  float sum = 0;
  thalweg::Work work;
  work.run = [&] {
    for (const float value : values) sum += value;
  };
  work.bytes = 4'000'000;
  work.seconds = 0.01;
  const thalweg::Speed speed = thalweg::measure_speed(thalweg::Context(), work);
  std::printf("%.0f us, %.0f %% of %s\n", speed.seconds * 1e6, speed.percent_of_limit, speed.limit.c_str());
  return sum > 0 && speed.percent_of_limit > 0;
}

/// y = x0 - x1 for another program; thalweg export does the same from the command line.
bool export_example() {
  const thalweg::Model model(thalweg::Context({.device = "cpu", .threads = 1}), linear_spec(small_data()));
  const std::string file = (std::filesystem::temp_directory_path() / "thalweg_tour.onnx").string();
  thalweg::export_onnx(model, file);
  const bool written = std::filesystem::file_size(file) > 0;
  std::filesystem::remove(file);
  return written;
}

bool passed(const char* name, bool result) {
  if (!result) std::fprintf(stderr, "%s failed\n", name);
  return result;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string data = argc > 1 ? argv[1] : "data";
  const bool results[] = {
      passed("version", version_example()),     passed("choices", choices_example()),
      passed("names", names_example()),         passed("loss", loss_example()),
      passed("setting", setting_example()),     passed("config", config_example()),
      passed("error", error_example()),         passed("devices", devices_example()),
      passed("context", context_example()),     passed("dataset", dataset_example()),
      passed("shards", shards_example()),       passed("read_progress", read_progress_example(data)),
      passed("tensor", tensor_example()),       passed("named_tensor", named_tensor_example()),
      passed("model", model_example()),         passed("epoch_batches", epoch_batches_example()),
      passed("schedule", schedule_example()),   passed("learner", learner_example()),
      passed("metrics", metrics_example()),     passed("per_sample", per_sample_example()),
      passed("trainer", trainer_example(data)), passed("prepare", prepare_example()),
      passed("arrow", arrow_example()),         passed("validate", validate_example()),
      passed("views", views_example()),         passed("verify", verify_example(data)),
      passed("bench", bench_example()),         passed("export", export_example()),
      passed("report", report_example(data)),
  };
  bool all = true;
  for (const bool result : results) all = all && result;
  return all ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
