#pragma once
// The settings of a run as TensorBoard's plugin "hparams" shows them.
#include <string>

#include "host/report/event_file.hpp"
#include "thalweg/config.hpp"

namespace thalweg::events {

/// The tag of the event that ends a run.
inline constexpr std::string_view kSessionEnd = "_hparams_/session_end_info";

/// Adds the settings that are not as Config has them from the start, which tells the given ones, by their
/// full keys: numbers and flags as such, others as texts.
void add_session_start(const Config& given, Summary& summary);
void add_session_end(double wall_time, Summary& summary);

}  // namespace thalweg::events
