#include "host/ranks/launch.hpp"

#include <fmt/format.h>

#include <charconv>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Ranks read their data and a checkpoint in very different times.
constexpr auto kAroundSteps = std::chrono::minutes(30);

/// The names of a launcher's variables, its own number of processes first.
struct Launcher {
  const char* count;  ///< null: it has none
  const char* rank;
};
constexpr Launcher kLaunchers[] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                                   {"PMI_SIZE", "PMI_RANK"},
                                   {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"},
                                   {nullptr, "PMIX_RANK"}};

std::optional<int> number_in(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

std::string text_of(const Announced& announced) {
  if (announced.count == 0) return fmt::format("{} is set: this is one of several ranks", announced.variable);
  return fmt::format("{} = {} announces as many ranks", announced.variable, announced.count);
}

/// Each process would find itself alone, and all would write to one folder.
void require_all(const std::optional<Announced>& announced, int count) {
  if (!announced || announced->count == 0 || announced->count == count) return;
  throw DeviceUnavailable(
      fmt::format("{}, but MPI knows {}: the launcher is not that of the MPI that thalweg_mpi.so was built "
                  "with (srun wants --mpi=pmix), or wants ranks.transport = none",
                  text_of(*announced), count));
}

}  // namespace

std::optional<Announced> announced_ranks(const Variables& variables) {
  for (const auto& [count, rank] : kLaunchers) {
    const char* const named = count != nullptr ? count : rank;
    const std::optional<int> number = number_in(variables(named));
    if (!number) continue;
    return Announced{named, count != nullptr ? *number : 0, number_in(variables(rank)).value_or(0)};
  }
  return {};
}

std::unique_ptr<ProcessRanks> join_ranks(const RanksConfig& config, const Variables& variables) {
  if (config.transport == RankTransport::none) return nullptr;
  const std::optional<Announced> announced = announced_ranks(variables);
  const bool alone = !announced || announced->count == 1;
  if (alone && config.transport == RankTransport::automatic) return nullptr;
  const std::string who = alone ? "ranks.transport = mpi" : text_of(*announced);
  std::unique_ptr<Transport> transport = open_mpi(who.c_str());
  require_all(announced, transport->count());
  if (transport->count() == 1) {
    transport->close();
    return nullptr;
  }
  const auto step = std::chrono::milliseconds(std::chrono::seconds(config.timeout_seconds));
  return std::make_unique<ProcessRanks>(std::move(transport), RankPatience{step, kAroundSteps});
}

}  // namespace thalweg
