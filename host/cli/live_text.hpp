#pragma once
// Lines on a terminal that are drawn over, in place.
#include <iosfwd>
#include <string>
#include <vector>

namespace thalweg::cli {

/// Leaves nothing to restore, however the process ends: the cursor is hidden only within a drawing, which is
/// written at once, and stands below the text.
class LiveText {
 public:
  explicit LiveText(std::ostream& out) : out_(out) {}
  /// Draws `text`, whole lines, over what was drawn before. `columns`: of the window now; where it became
  /// narrower, the former lines take more rows.
  void draw(const std::string& text, int columns);

 private:
  std::ostream& out_;
  std::vector<int> widths_;  ///< of the lines that stand there
};

}  // namespace thalweg::cli
