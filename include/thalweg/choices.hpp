#pragma once
// The closed sets of choices that settings have, each with its table of names: the only list of those names.
// What the rest of the program has to know of a choice stands beside it. Those of data, model and optimizer
// are in choices/, the losses in loss.hpp. Example: choices_example in examples/tour.cpp.
#include <cstdint>

#include "thalweg/choices/data.hpp"
#include "thalweg/choices/model.hpp"
#include "thalweg/choices/optimizer.hpp"
#include "thalweg/names.hpp"

namespace thalweg {

/// Orders of operations: exact has one for every device, fast may use others.
enum class Numerics { exact, fast };
template <>
inline constexpr auto kNames<Numerics> = std::to_array<Named<Numerics>>({{Numerics::exact, "exact"},
                                                                         {Numerics::fast, "fast"}});

/// Yes, no, or what suits the data.
enum class Tristate { automatic, yes, no };
template <>
inline constexpr auto kNames<Tristate> = std::to_array<Named<Tristate>>({{Tristate::automatic, "auto"},
                                                                         {Tristate::yes, "true"},
                                                                         {Tristate::no, "false"}});

/// What follows a loss or gradient that is not finite.
enum class SpikePolicy { stop, skip, rollback };
template <>
inline constexpr auto kNames<SpikePolicy> = std::to_array<Named<SpikePolicy>>(
    {{SpikePolicy::stop, "stop"}, {SpikePolicy::skip, "skip"}, {SpikePolicy::rollback, "rollback"}});

/// Unit of per-sample clipping: the whole gradient, each layer's, or the whole scaled to the bound.
enum class ClipMode : std::int32_t { flat, per_layer, automatic };
template <>
inline constexpr auto kNames<ClipMode> = std::to_array<Named<ClipMode>>({{ClipMode::flat, "flat"},
                                                                         {ClipMode::per_layer, "per_layer"},
                                                                         {ClipMode::automatic, "automatic"}});

/// How epsilon is computed: by privacy loss random variables or by Renyi divergences.
enum class Accountant { prv, rdp };
template <>
inline constexpr auto kNames<Accountant> = std::to_array<Named<Accountant>>({{Accountant::prv, "prv"},
                                                                             {Accountant::rdp, "rdp"}});

/// How the rows of a batch are drawn.
enum class Sampling { automatic, poisson, epochs };
template <>
inline constexpr auto kNames<Sampling> = std::to_array<Named<Sampling>>({{Sampling::automatic, "auto"},
                                                                         {Sampling::poisson, "poisson"},
                                                                         {Sampling::epochs, "epochs"}});

/// Words that checkpoint.resume takes besides a path.
enum class Resume { automatic, never };
template <>
inline constexpr auto kNames<Resume> = std::to_array<Named<Resume>>({{Resume::automatic, "auto"},
                                                                     {Resume::never, "never"}});

/// What follows a setting that differs from the one the run began with.
enum class OnChange { error, allow };
template <>
inline constexpr auto kNames<OnChange> = std::to_array<Named<OnChange>>({{OnChange::error, "error"},
                                                                         {OnChange::allow, "allow"}});

/// How processes talk that share each batch: not at all, or by MPI where more than one is announced.
enum class RankTransport { automatic, none, mpi };
template <>
inline constexpr auto kNames<RankTransport> = std::to_array<Named<RankTransport>>(
    {{RankTransport::automatic, "auto"}, {RankTransport::none, "none"}, {RankTransport::mpi, "mpi"}});

}  // namespace thalweg
