#include "host/cli/painted.hpp"

#include <fmt/format.h>

namespace thalweg::cli {
namespace {

/// Codes of Select Graphic Rendition (ECMA-48).
int code_of(Paint paint) {
  switch (paint) {
    case Paint::none:
      return 0;
    case Paint::bold:
      return 1;
    case Paint::good:
      return 32;
    case Paint::bad:
      return 31;
    case Paint::odd:
      return 33;
  }
  return 0;
}

}  // namespace

std::string painted(std::string text, Paint paint, const Abilities& abilities) {
  if (!abilities.colours || paint == Paint::none || text.empty()) return text;
  return fmt::format("\033[{}m{}\033[0m", code_of(paint), text);
}

Paint paint_of(report::RunStage stage) {
  using report::RunStage;
  switch (stage) {
    case RunStage::running:
      return Paint::good;
    case RunStage::finished:
      return Paint::bold;
    case RunStage::diverged:
    case RunStage::killed:
    case RunStage::failed:
    case RunStage::removed:
      return Paint::bad;
    case RunStage::waiting:
    case RunStage::stopped:
    case RunStage::unknown:
      return Paint::odd;
  }
  return Paint::none;
}

}  // namespace thalweg::cli
