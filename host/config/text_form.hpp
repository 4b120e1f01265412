#pragma once
// Forms of text settings: words that they take, and texts that have a form of their own.
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/setting.hpp"

namespace thalweg {

/// What a text of this form has to be, for messages: "auto, never or the path of a checkpoint".
std::string wanted_text(TextForm form);
bool has_form(TextForm form, const std::string& text);
/// Words that the form takes, for completion.
std::vector<std::string> words_of(TextForm form);
/// "; did you mean ..." for a text without the form; may be empty.
std::string suggestion_for_text(TextForm form, std::string_view text);

}  // namespace thalweg
