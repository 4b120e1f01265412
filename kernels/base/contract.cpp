#include "kernels/base/contract.hpp"

#include "thalweg/error.hpp"

namespace thalweg {

std::string Label::text() const { return *part == '\0' ? name : std::string(name) + "." + part; }

std::uintptr_t Area::end() const {
  return begin + static_cast<std::uintptr_t>(((rows - 1) * stride + cols) * element);
}

bool Area::same_as(const Area& other) const {
  return begin == other.begin && rows == other.rows && cols == other.cols && element == other.element &&
         (rows == 1 || stride == other.stride);
}

bool Area::overlaps(const Area& other) const {
  if (empty() || other.empty() || end() <= other.begin || other.end() <= begin) return false;
  const std::int64_t width = cols * element, other_width = other.cols * other.element;
  const std::int64_t period = stride * element;
  if (period == 0 || period != other.stride * other.element) return true;
  // Blocks of columns of one matrix: `to` is how far the other begins behind a row of this one.
  const std::int64_t to = (static_cast<std::int64_t>(other.begin - begin) % period + period) % period;
  return to < width || to + other_width > period;
}

std::string Area::text() const {
  const std::string of_rows = rows == 1 && stride == cols ? "" : std::to_string(rows) + ", ";
  return label.text() + " [" + of_rows + std::to_string(cols) + "]";
}

void Contract::fail(const std::string& what) const { throw InternalError(std::string(op_) + ": " + what); }

void Contract::require(bool holds, const char* otherwise) const {
  if (!holds) fail(otherwise);
}

void Contract::equal(const Label& what, std::int64_t got, std::int64_t want) const {
  if (got != want) fail(what.text() + " is " + std::to_string(got) + ", want " + std::to_string(want));
}

void Contract::at_least(const Label& what, std::int64_t got, std::int64_t least) const {
  if (got < least)
    fail(what.text() + " is " + std::to_string(got) + ", want at least " + std::to_string(least));
}

void Contract::within(const Label& what, std::int64_t got, std::int64_t least, std::int64_t most) const {
  if (got < least || got > most)
    fail(what.text() + " is " + std::to_string(got) + ", want " + std::to_string(least) + " to " +
         std::to_string(most));
}

void Contract::shape(const Label& label, const ConstMatrix& m, std::int64_t rows, std::int64_t cols) const {
  equal({label.name, "rows"}, m.rows, rows);
  equal({label.name, "cols"}, m.cols, cols);
  if (rows > 1) at_least({label.name, "stride"}, m.stride, cols);
}

Operand Contract::reads(const Area& area) { return add(area, Access::read, {}); }

Operand Contract::writes(const Area& area, Operand itself) { return add(area, Access::write, itself); }

Operand Contract::add(const Area& area, Access access, Operand itself) {
  at_least(area.label, area.rows, 0);
  at_least(area.label, area.cols, 0);
  if (!area.empty() && area.begin == 0) fail(area.text() + " is null");
  if (!area.empty() && area.begin % static_cast<std::uintptr_t>(area.alignment) != 0)
    fail(area.text() + " does not lie on " + std::to_string(area.alignment) + " bytes");
  for (int i = 0; i < count_; ++i) {
    const Entry& other = entries_[i];
    if (access == Access::read && other.access == Access::read) continue;
    if (i == itself.number && area.same_as(other.area)) continue;
    if (area.overlaps(other.area)) fail(area.text() + " lies over " + other.area.text());
  }
  require(count_ < kMostOperands, "the contract names too many operands");
  entries_[count_] = {area, access};
  return {count_++};
}

}  // namespace thalweg
