#include "host/run/run_environment.hpp"

#include "host/config/keys.hpp"
#include "host/run/context_options.hpp"

namespace thalweg {

RunEnvironment::RunEnvironment(const Config& given, const TrainObserver& watcher)
    : config((validate_config(given), given)),  // before a device is asked for
      asked(given),
      observer(watcher),
      ctx(context_options(given)),
      out(given.out, [this](const std::string& message) { say(message); }) {}

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
