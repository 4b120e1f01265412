#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "host/bench/bench.hpp"
#include "host/cli/cli.hpp"
#include "host/config/keys.hpp"

namespace thalweg::cli {
namespace {

constexpr const char* kCommands = "train evaluate predict gradients verify inspect bench info completion";

/// bench takes flags of its own instead of settings.
constexpr const char* kBenchFlags[] = {
    "json",        "quiet",    "device",  "numerics", "threads",    "memory",     "time",      "rows",
    "features",    "outputs",  "entries", "batch",    "hidden",     "parameters", "optimizer", "order",
    "repetitions", "no-check", "lr",      "step",     "write-data", "on-request"};

std::string bench_words() {
  std::string words;
  for (const auto& [name, about] : bench::workload_list()) words += name + " ";
  for (const char* flag : kBenchFlags) words += fmt::format("--{} ", flag);
  return words;
}

std::string flags(const char* separator, const char* prefix) {
  std::vector<std::string> all{std::string(prefix) + "json", std::string(prefix) + "quiet"};
  for (const std::string& name : setting_keys()) all.push_back(prefix + name + "=");
  return fmt::format("{}", fmt::join(all, separator));
}

std::string bash_script() {
  return fmt::format(R"(_thalweg() {{
  local word=${{COMP_WORDS[COMP_CWORD]}}
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "{}" -- "$word"))
  elif [[ ${{COMP_WORDS[1]}} == bench ]]; then
    COMPREPLY=($(compgen -W "{}" -- "$word"))
  elif [[ $word == --* ]]; then
    COMPREPLY=($(compgen -W "{}" -- "$word"))
    compopt -o nospace
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _thalweg thalweg
)",
                     kCommands, bench_words(), flags(" ", "--"));
}

std::string zsh_script() {
  return fmt::format("#compdef thalweg\nautoload -U +X bashcompinit && bashcompinit\n{}", bash_script());
}

std::string fish_script() {
  std::string script = fmt::format(
      "complete -c thalweg -n __fish_use_subcommand -f -a '{}'\ncomplete -c thalweg -l json\n", kCommands);
  for (const std::string& name : setting_keys())
    script += fmt::format("complete -c thalweg -l '{}' -r\n", name);
  for (const auto& [name, about] : bench::workload_list())
    script += fmt::format("complete -c thalweg -n '__fish_seen_subcommand_from bench' -f -a '{}'\n", name);
  for (const char* flag : kBenchFlags)
    script += fmt::format("complete -c thalweg -n '__fish_seen_subcommand_from bench' -l '{}'\n", flag);
  return script;
}

}  // namespace

int completion_command(const std::string& shell, Streams streams) {
  streams.out << (shell == "bash"  ? bash_script()
                  : shell == "zsh" ? zsh_script()
                                   : fish_script())
              << std::flush;
  return 0;
}

}  // namespace thalweg::cli
