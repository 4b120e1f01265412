#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "host/bench/bench.hpp"
#include "host/cli/cli.hpp"
#include "host/config/choice.hpp"
#include "host/config/settings.hpp"
#include "thalweg/shards.hpp"

namespace thalweg::cli {
namespace {

constexpr const char* kCommands =
    "train evaluate predict gradients convert export verify inspect report watch bench info schema help "
    "completion";

/// An option besides the settings.
struct OwnOption {
  const char* command;
  const char* name;
  const char* about;
  bool takes_value = true;
  std::vector<std::string> words = {};  ///< that it takes; empty: others
};

const std::vector<OwnOption>& own_options() {
  static const std::vector<OwnOption> options{
      {"convert", "shard_mb", "MiB of features in one shard"},
      {"convert", "dtype", "How the shards hold dense numbers", true, names_of<CellFloats>()},
      {"convert", "compress", "How the features are compressed", true, names_of<ShardCompression>()},
      {"convert", "no-target", "Rows to predict", false},
      {"export", "to", "File to write: .onnx or .md"},
      {"report", "output", "File to write"},
      {"report", "metric", "Metric that sorts the runs"},
      {"report", "standard-errors", "Standard errors of the weights, from the training data", false},
      {"watch", "interval", "Seconds between two looks"},
      {"watch", "once", "Show the runs as they are now, and end", false}};
  return options;
}

/// bench takes flags of its own instead of settings.
constexpr const char* kBenchFlags[] = {
    "json",        "quiet",    "device",  "numerics", "threads", "memory",     "time",       "rows",
    "features",    "outputs",  "entries", "batch",    "hidden",  "parameters", "optimizer",  "order",
    "repetitions", "no-check", "lr",      "step",     "reader",  "scratch",    "write-data", "on-request"};

std::string bench_words() {
  std::string words;
  for (const auto& [name, about] : bench::workload_list()) words += name + " ";
  for (const char* flag : kBenchFlags) words += fmt::format("--{} ", flag);
  return words;
}

std::string flags() {
  std::vector<std::string> all{"--json", "--quiet"};
  for (const SettingInfo& setting : settings()) all.push_back(fmt::format("--{}=", setting.key));
  return fmt::format("{}", fmt::join(all, " "));
}

/// A line of a case for each setting that takes words.
std::string bash_values() {
  std::string cases;
  for (const SettingInfo& setting : settings()) {
    if (setting.words.empty()) continue;
    cases += fmt::format("    --{}) echo '{}' ;;\n", setting.key, fmt::join(setting.words, " "));
  }
  for (const OwnOption& option : own_options())
    if (!option.words.empty())
      cases += fmt::format("    --{}) echo '{}' ;;\n", option.name, fmt::join(option.words, " "));
  return cases;
}

/// A line for each option that adds it for its command.
std::string bash_own_options() {
  std::string lines;
  for (const auto& [command, name, about, takes_value, words] : own_options())
    lines += fmt::format("  [[ ${{COMP_WORDS[1]}} == {} ]] && own+=' --{}{}'\n", command, name,
                         takes_value ? "=" : "");
  return lines;
}

/// bash parts a word at '=', zsh does not.
std::string bash_script() {
  return fmt::format(R"(_thalweg_values() {{
  case $1 in
{}  esac
}}
_thalweg() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} key=${{COMP_WORDS[COMP_CWORD-1]}} prefix= values own=
{}  if [[ $word == = ]]; then
    word=
  elif [[ $key == = ]]; then
    key=${{COMP_WORDS[COMP_CWORD-2]}}
  elif [[ $word == --*=* ]]; then
    key=${{word%%=*}} prefix=${{word%%=*}}= word=${{word#*=}}
  fi
  values=$(_thalweg_values "$key")
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "{}" -- "$word"))
  elif [[ ${{COMP_WORDS[1]}} == bench ]]; then
    COMPREPLY=($(compgen -W "{}" -- "$word"))
  elif [[ -n $values ]]; then
    COMPREPLY=($(compgen -P "$prefix" -W "$values" -- "$word"))
  elif [[ $word == --* ]]; then
    COMPREPLY=($(compgen -W "{} $own" -- "$word"))
    compopt -o nospace
  else
    COMPREPLY=($(compgen -P "$prefix" -f -- "$word"))
  fi
}}
complete -o filenames -F _thalweg thalweg
)",
                     bash_values(), bash_own_options(), kCommands, bench_words(), flags());
}

std::string zsh_script() {
  return fmt::format("#compdef thalweg\nautoload -U +X bashcompinit && bashcompinit\n{}", bash_script());
}

std::string fish_quoted(const std::string& text) {
  std::string quoted;
  for (const char c : text) quoted += c == '\'' ? std::string("\\'") : std::string(1, c);
  return quoted;
}

std::string fish_script() {
  std::string script = fmt::format(
      "complete -c thalweg -n __fish_use_subcommand -f -a '{}'\ncomplete -c thalweg -l json\n", kCommands);
  for (const SettingInfo& setting : settings()) {
    const std::string values =
        setting.words.empty() ? "" : fmt::format(" -f -a '{}'", fmt::join(setting.words, " "));
    script += fmt::format("complete -c thalweg -l '{}' -r{} -d '{}'\n", setting.key, values,
                          fish_quoted(setting.about));
  }
  for (const auto& [command, name, about, takes_value, words] : own_options())
    script += fmt::format("complete -c thalweg -n '__fish_seen_subcommand_from {}' -l {}{}{} -d '{}'\n",
                          command, name, takes_value ? " -r" : "",
                          words.empty() ? "" : fmt::format(" -f -a '{}'", fmt::join(words, " ")), about);
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
