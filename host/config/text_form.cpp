#include "host/config/text_form.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "host/config/byte_size.hpp"
#include "host/config/choice.hpp"
#include "host/config/row_range.hpp"
#include "host/config/values.hpp"

namespace thalweg {
namespace {

bool is_index(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0;
}

const std::vector<std::string>& devices() {
  static const std::vector<std::string> all{"auto", "cpu", "cuda", "cuda:0", "reference"};
  return all;
}

/// cpu:ISA names one instruction set; the context knows which there are.
bool is_device(const std::string& text) {
  if (text.starts_with("cuda:")) return is_index(std::string_view(text).substr(5));
  if (text.starts_with("cpu:")) return true;
  return std::find(devices().begin(), devices().end(), text) != devices().end();
}

bool is_class_weight(const std::string& text) {
  if (value_named<ClassWeighting>(text)) return true;
  std::vector<std::string> items;
  bool good = value_from_text(text, items) && !items.empty();
  for (const std::string& item : items) {
    double weight = 0;
    good = good && value_from_text(item, weight) && std::isfinite(weight) && weight >= 0;
  }
  return good;
}

}  // namespace

std::string wanted_text(TextForm form) {
  switch (form) {
    case TextForm::any:
      return "a text in UTF-8";
    case TextForm::device:
      return "auto, cpu, cpu:ISA, cuda, cuda:N or reference";
    case TextForm::row_range:
      return "\"begin:end\" with begin < end, counted from 0, such as \"0:8000\"";
    case TextForm::class_weight:
      return "none, balanced or one weight per class, such as \"0.5,2\"";
    case TextForm::init:
      return "auto, zeros or the path of a model";
    case TextForm::resume:
      return "auto, never or the path of a checkpoint";
    case TextForm::size:
      return "auto or bytes, such as 512MB or 2GiB";
  }
  return {};
}

bool has_form(TextForm form, const std::string& text) {
  switch (form) {
    case TextForm::any:
      return true;
    case TextForm::device:
      return is_device(text);
    case TextForm::row_range:
      return row_range_from(text).has_value();
    case TextForm::class_weight:
      return is_class_weight(text);
    case TextForm::init:
    case TextForm::resume:
      return !text.empty();
    case TextForm::size:
      return text == "auto" || bytes_from(text).has_value();
  }
  return false;
}

std::vector<std::string> words_of(TextForm form) {
  switch (form) {
    case TextForm::any:
    case TextForm::row_range:
      return {};
    case TextForm::device:
      return devices();
    case TextForm::class_weight:
      return names_of<ClassWeighting>();
    case TextForm::init:
      return names_of<Initialisation>();
    case TextForm::resume:
      return names_of<Resume>();
    case TextForm::size:
      return {"auto"};
  }
  return {};
}

std::string suggestion_for_text(TextForm form, std::string_view text) {
  const std::string word = plain_word(text);
  const bool gpu = form == TextForm::device && (word == "gpu" || word == "nvidia");
  return suggestion_for(word, words_of(form),
                        gpu ? std::vector<std::string>{"cuda"} : std::vector<std::string>{});
}

}  // namespace thalweg
