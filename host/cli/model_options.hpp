#pragma once
// The options of the commands that ask a model, or data.
#include <CLI/CLI.hpp>

#include "host/cli/cli.hpp"

namespace thalweg::cli {

constexpr const char* kModelPath = "A run's folder, a checkpoint or a model.safetensors";

void add_evaluate_options(CLI::App& command, EvaluateArguments& evaluate);
void add_predict_options(CLI::App& command, PredictArguments& predict);
void add_convert_options(CLI::App& command, ConvertArguments& convert);
void add_inspect_options(CLI::App& command, InspectArguments& inspect);
void add_report_options(CLI::App& command, ReportArguments& report);
void add_watch_options(CLI::App& command, WatchArguments& watch);
void add_verify_options(CLI::App& command, VerifyArguments& verify);

}  // namespace thalweg::cli
