#pragma once
// Results as text and JSON.
#include <string>

#include "host/bench/bench.hpp"
#include "host/json/json.hpp"

namespace thalweg::bench {

/// One line each: "kind" is "machine" or "result".
Json to_json(const Machine& machine);
Json to_json(const Result& result, const Machine& machine);

/// The columns of a window in which a result takes one line; in a narrower one it takes two.
constexpr int kWideWindow = 156;

/// Description and figures, and the head of the table of results.
std::string to_text(const Machine& machine, int columns = kWideWindow);
/// A row of that table.
std::string to_text(const Result& result, int columns = kWideWindow);

}  // namespace thalweg::bench
