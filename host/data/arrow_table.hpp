#pragma once
// Arrow tables of which some columns stay unread.
#include <string>
#include <vector>

#include "thalweg/arrow.hpp"

namespace thalweg {

/// read_arrow; a column that `ignored` names, as data.ignore does, may be of any type: its cells are missing
/// values.
RawTable read_arrow(ArrowArrayStream* stream, const std::string& source,
                    const std::vector<std::string>& ignored);

}  // namespace thalweg
