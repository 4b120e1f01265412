#pragma once
#include <string>

#include "thalweg/context.hpp"

namespace thalweg {

/// One line about the cost or the gain of a run's numerics on its device; "" if there is nothing to say.
std::string numerics_note(const Context& ctx);

}  // namespace thalweg
