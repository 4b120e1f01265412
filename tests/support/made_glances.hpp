#pragma once
// Runs as `thalweg watch` sees them, with numbers that are known.
#include <sstream>
#include <string>
#include <vector>

#include "host/cli/watch_text.hpp"

namespace thalweg::test {

inline constexpr cli::Abilities kPlain{.moves = false, .blocks = true, .colours = false};
inline constexpr cli::Abilities kColoured{.moves = true, .blocks = true, .colours = true};
inline constexpr cli::Abilities kAscii{.moves = true, .blocks = false, .colours = false};

inline report::RunGlance running() {
  return {.run = "runs/a",
          .stage = report::RunStage::running,
          .epoch = 3,
          .epochs = 5,
          .step = 300,
          .steps = 500,
          .curves = {{"train.loss", {0.5, 0.375, 0.25}},
                     {"validation.loss", {0.75, 0.5, 0.625}},
                     {"validation.auc", {0.5, 0.75, 0.625}},
                     {"lr", {0.125, 0.125, 0.0625}}},
          .watched = "validation.auc",
          .best_epoch = 2,
          .best = 0.75,
          .seconds = 30,
          .samples_per_second = 640,
          .seconds_left = 15,
          .silence = 5};
}

inline report::RunGlance finished() {
  return {.run = "runs/b",
          .stage = report::RunStage::finished,
          .epoch = 2,
          .epochs = 2,
          .step = 200,
          .steps = 200,
          .curves = {{"train.loss", {0.75, 0.5}}, {"validation.auc", {0.875, 0.5}}, {"lr", {0.125, 0.125}}},
          .watched = "validation.auc",
          .best_epoch = 1,
          .best = 0.875,
          .seconds = 3725,
          .samples_per_second = 1280};
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace thalweg::test
