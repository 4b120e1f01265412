#include "host/run/run_environment.hpp"

#include "host/config/keys.hpp"
#include "host/run/context_options.hpp"

namespace thalweg {

RunEnvironment::RunEnvironment(const Config& given, const TrainObserver& watcher, ProcessRanks* ends)
    : config((validate_config(given), given)),  // before a device is asked for
      asked(given),
      ranks(ends, given, watcher),
      observer(ranks.observer()),
      ctx({given.device, given.numerics, ranks.threads(given.train.threads)}),
      out(ranks.leads() ? given.out : "", [this](const std::string& message) { say(message); }) {}

void RunEnvironment::enter(TrainPhase phase) const {
  if (observer.phase) observer.phase(phase);
}

void RunEnvironment::say(const std::string& message) const {
  if (observer.message) observer.message(message);
}

void RunEnvironment::note(const std::string& message) const {
  if (!message.empty()) say(message);
}

}  // namespace thalweg
