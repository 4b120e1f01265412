#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>

#include "host/cli/cli.hpp"
#include "host/runtime/backends.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "thalweg/version.hpp"

namespace thalweg::cli {

int info_command(const Common& arguments, Streams streams) {
  std::string reason;
  const bool cuda = cuda_usable(reason);
  if (arguments.json) {
    const nlohmann::ordered_json object{{"version", kVersion},
                                        {"cpu", cpu_variants()},
                                        {"threads", std::thread::hardware_concurrency()},
                                        {"cuda", cuda},
                                        {"cuda.reason", reason}};
    streams.out << object.dump(2) << std::endl;
    return 0;
  }
  streams.out << fmt::format(
      "thalweg   {}\ncpu       {} ({} threads)\ncuda      {}\nreference always there\n", kVersion,
      fmt::join(cpu_variants(), ", "), std::thread::hardware_concurrency(),
      cuda ? "usable" : "not usable: " + reason);
  return 0;
}

}  // namespace thalweg::cli
