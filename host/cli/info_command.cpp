#include <ostream>

#include "host/cli/cli.hpp"
#include "host/cli/info_text.hpp"

namespace thalweg::cli {

int info_command(const Common& arguments, Streams streams) {
  const std::vector<DeviceInfo> all = devices();
  const CudaReport cuda = cuda_report();
  if (arguments.json) {
    streams.out << to_json(all, cuda).dump(2) << std::endl;
  } else {
    streams.out << to_text(all, cuda);
  }
  return 0;
}

}  // namespace thalweg::cli
