#pragma once
// A model card: a page of Markdown about the model of a run.
#include <string>

#include "thalweg/model.hpp"

namespace thalweg {

/// The line that a card begins with: a file that begins so may be replaced by another card.
constexpr const char* kCardMark = "<!-- written by thalweg export, which replaces it -->\n";

/// What the model was trained on, by which settings, what it scored on the rows held out, its limits. `run`:
/// the folder of the run. Throws UsageError where it has no config.toml.
std::string model_card(const Model& model, const std::string& run);

}  // namespace thalweg
