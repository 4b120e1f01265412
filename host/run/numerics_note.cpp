#include "host/run/numerics_note.hpp"

namespace thalweg {

std::string numerics_note(const Context& ctx) {
  const bool fast = ctx.numerics() == Numerics::fast, cuda = ctx.device().starts_with("cuda");
  if (!cuda) {
    if (!fast || ctx.device() == "reference") return "";
    return "numerics = fast: on the cpu fast means exact, and the bits are those of numerics = exact";
  }
  if (!fast) {
    return "numerics = exact: the same bits as on the cpu; numerics = fast trades them for tensor cores in "
           "dense layers of more than 8 features and 8 outputs";
  }
  return "numerics = fast: dense layers of more than 8 features and 8 outputs multiply TF32 inputs on tensor "
         "cores (float32 before compute capability 8.0), each off by up to 2^-10; runs repeat on this "
         "machine, "
         "but the bits are not those of the cpu";
}

}  // namespace thalweg
