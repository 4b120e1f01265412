#include <ostream>

#include "host/cli/cli.hpp"
#include "host/cli/info_text.hpp"

namespace thalweg::cli {

int info_command(const Common& arguments, Streams streams) {
  const CudaReport cuda = cuda_report();
  if (arguments.json) {
    streams.out << to_json(cuda).dump(2) << std::endl;
  } else {
    streams.out << to_text(cuda);
  }
  return 0;
}

}  // namespace thalweg::cli
