#pragma once
// What stands behind a context, for the engine's own code.
#include "kernels/base/device.hpp"
#include "thalweg/context.hpp"

namespace thalweg {

struct Backend;

/// The tables of ops.
const Backend& backend_of(const Context& ctx) noexcept;
/// What an op is passed first.
const Device& device_of(const Context& ctx) noexcept;

}  // namespace thalweg
