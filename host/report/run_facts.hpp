#pragma once
// How a run was made: data, settings, environment, and the command that repeats it.
#include <string>
#include <vector>

#include "host/report/run_files.hpp"
#include "thalweg/model.hpp"

namespace thalweg::report {

/// A table of what was read and what it is for. `model`: null where there is none.
std::string data_facts(const RunFiles& run, const Model* model);
/// Steps, time, device, version, checksums.
std::string environment_facts(const RunFiles& run, const Model* model);
/// The config as TOML.
std::string settings_text(const RunFiles& run);
/// The command, what it rests on, and the changes of settings on the way.
std::string repetition(const RunFiles& run);

/// A word for a POSIX shell.
std::string shell_word(const std::string& text);

}  // namespace thalweg::report
