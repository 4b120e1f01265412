#include "host/cli/failure.hpp"

#include <fmt/format.h>

#include <ostream>

#include "host/cli/printable.hpp"
#include "host/ranks/introduction.hpp"
#include "host/ranks/launch.hpp"

namespace thalweg::cli {

void Speaker::find(const Environment& environment) {
  const std::optional<Announced> announced = announced_ranks(environment);
  if (!announced || announced->rank == 0) return;
  const auto end = fmt::format_to_n(text_, sizeof text_ - 1, "rank {} ({}): ", announced->rank,
                                    static_cast<const char*>(own_introduction().host));
  *end.out = '\0';
}

int fail(Streams streams, const Speaker& speaker, ExitCode code, const char* message) {
  streams.err << speaker.text() << "thalweg: error: ";
  write_printable(message, false, streams.err);
  streams.err << std::endl;
  return static_cast<int>(code);
}

}  // namespace thalweg::cli
