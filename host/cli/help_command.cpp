// What is said of a setting or a section, and the table of all settings.
#include <ostream>

#include "host/cli/cli.hpp"
#include "host/config/keys.hpp"
#include "host/config/settings_text.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {

int help_command(const std::string& topic, Streams streams) {
  for (const SectionInfo& section : sections()) {
    if (section.name != topic) continue;
    streams.out << section_help(section) << std::flush;
    return 0;
  }
  const ResolvedKey resolved = resolve_key(topic.substr(0, topic.find('=')));
  if (resolved.name.empty())
    throw UsageError(resolved.problem + "\nRun thalweg train --help for the settings.");
  streams.out << setting_help(*find_setting(resolved.name)) << std::flush;
  return 0;
}

int schema_command(const SchemaArguments& arguments, Streams streams) {
  streams.out << (arguments.json       ? settings_json().dump(2) + "\n"
                  : arguments.markdown ? settings_markdown()
                                       : settings_help())
              << std::flush;
  return 0;
}

}  // namespace thalweg::cli
