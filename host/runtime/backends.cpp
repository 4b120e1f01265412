#include "host/runtime/backends.hpp"

#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/memory.hpp"
#include "kernels/activation/activation.hpp"
#include "kernels/batch_norm/batch_norm.hpp"
#include "kernels/dropout/dropout.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/layer_norm/layer_norm.hpp"
#include "kernels/linear/linear.hpp"
#include "kernels/metrics/metrics.hpp"
#include "kernels/order/order.hpp"
#include "kernels/per_sample/per_sample.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"
#include "kernels/update/update.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

#define THALWEG_CPU_BACKEND(isa)                                                                             \
  const Backend isa##_backend {                                                                              \
    .name = "cpu:" #isa, .memory = host_memory, .graphs = nullptr, .linear = isa::linear_cpu,                \
    .sparse_linear = isa::sparse_linear_cpu, .activation = isa::activation_cpu, .dropout = isa::dropout_cpu, \
    .layer_norm = isa::layer_norm_cpu, .batch_norm = isa::batch_norm_cpu,                                    \
    .elementwise_loss = isa::elementwise_loss_cpu, .softmax_cross_entropy = isa::softmax_cross_entropy_cpu,  \
    .update = isa::update_cpu, .per_sample = isa::per_sample_cpu, .metrics = isa::metrics_cpu,               \
    .order = isa::order_cpu                                                                                  \
  }

// The copies of this build (cmake/ThalwegOp.cmake).
#if defined(THALWEG_HAS_avx512)
THALWEG_CPU_BACKEND(avx512);
#endif
#if defined(THALWEG_HAS_avx2)
THALWEG_CPU_BACKEND(avx2);
#endif
#if defined(THALWEG_HAS_generic)
THALWEG_CPU_BACKEND(generic);
#endif

const Backend reference_backend{.name = "reference",
                                .memory = host_memory,
                                .graphs = nullptr,
                                .linear = linear_reference,
                                .sparse_linear = sparse_linear_reference,
                                .activation = activation_reference,
                                .dropout = dropout_reference,
                                .layer_norm = layer_norm_reference,
                                .batch_norm = batch_norm_reference,
                                .elementwise_loss = elementwise_loss_reference,
                                .softmax_cross_entropy = softmax_cross_entropy_reference,
                                .update = update_reference,
                                .per_sample = per_sample_reference,
                                .metrics = metrics_reference,
                                .order = order_reference};

#if defined(__x86_64__)
/// What the copy for AVX2 is compiled for, and that for AVX-512 besides its own.
bool runs_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}

[[maybe_unused]] bool runs_avx512() {
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

struct CpuBackend {
  const Backend* backend;
  bool runs;          ///< on this machine
  const char* needs;  ///< of a processor
};

/// The variants of this build, the best first.
std::vector<CpuBackend> cpu_backends() {
  return {
#if defined(THALWEG_HAS_avx512)
    {&avx512_backend, runs_avx512(), "AVX2, FMA, BMI, and AVX-512 F, BW, DQ and VL"},
#endif
#if defined(THALWEG_HAS_avx2)
        {&avx2_backend, runs_avx2(), "AVX2, FMA and BMI"},
#endif
#if defined(THALWEG_HAS_generic)
        {&generic_backend, true, ""},
#endif
  };
}

/// Those that this machine can run.
std::vector<const Backend*> runnable_cpu_backends() {
  std::vector<const Backend*> found;
  for (const CpuBackend& cpu : cpu_backends()) {
    if (cpu.runs) found.push_back(cpu.backend);
  }
  return found;
}

}  // namespace

std::vector<CpuVariant> built_cpu_variants() {
  std::vector<CpuVariant> variants;
  for (const auto& [backend, runs, needs] : cpu_backends())
    variants.push_back({backend->name, runs ? "" : std::string("this processor lacks one of: ") + needs});
  return variants;
}

std::vector<std::string> cpu_variants() {
  std::vector<std::string> names;
  for (const Backend* backend : runnable_cpu_backends()) names.push_back(backend->name);
  return names;
}

const Backend& find_backend(const std::string& name) {
  if (name == "reference") return reference_backend;
  if (name == "cuda") return cuda_backend();
  const auto runnable = runnable_cpu_backends();
  if (name == "cpu") {
    if (runnable.empty())
      throw DeviceUnavailable(
          "device \"cpu\": this processor lacks AVX2 and FMA, which the cpu backend needs, or this build is "
          "for "
          "another machine's instruction set alone; --device=reference runs anywhere");
    return *runnable.front();
  }
  std::string known = "cpu, reference, cuda";
  for (const Backend* backend : runnable) {
    if (name == backend->name) return *backend;
    known += std::string(", ") + backend->name;
  }
  throw DeviceUnavailable("device \"" + name + "\" is not one of: " + known);
}

}  // namespace thalweg
