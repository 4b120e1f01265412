#pragma once
// Results as text and JSON.
#include <nlohmann/json.hpp>
#include <string>

#include "host/bench/bench.hpp"

namespace thalweg::bench {

/// One line each: "kind" is "machine" or "result".
nlohmann::ordered_json to_json(const Machine& machine);
nlohmann::ordered_json to_json(const Result& result, const Machine& machine);

/// Description and figures, and the head of the table of results.
std::string to_text(const Machine& machine);
/// A line of that table.
std::string to_text(const Result& result);

}  // namespace thalweg::bench
