#include "kernels/dropout/dropout.hpp"

namespace thalweg::THALWEG_ISA {
namespace {
void apply(const Context&, const DropoutArgs&) { __builtin_trap(); }
}  // namespace

extern const DropoutOps dropout_cpu;
const DropoutOps dropout_cpu{.apply = &apply};
}  // namespace thalweg::THALWEG_ISA
