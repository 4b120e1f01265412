#include "host/runtime/backends.hpp"

#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/memory.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

#define THALWEG_DECLARE(Ops, op) extern const Ops op##_reference;
THALWEG_OPS(THALWEG_DECLARE)
#undef THALWEG_DECLARE

namespace {

#define THALWEG_REFERENCE_TABLE(Ops, op) .op = op##_reference,
const Backend reference_backend{.name = "reference",
                                .memory = host_memory,
                                .graphs = nullptr,
                                .linear_burst = nullptr,
                                THALWEG_OPS(THALWEG_REFERENCE_TABLE)};
#undef THALWEG_REFERENCE_TABLE

}  // namespace

#define THALWEG_DECLARE_CPU(Ops, op) extern const Ops op##_cpu;
#define THALWEG_CPU_COPY(Ops, op) .op = op##_cpu,
#define THALWEG_CPU_BACKEND(isa)                               \
  namespace isa {                                              \
  THALWEG_OPS(THALWEG_DECLARE_CPU)                             \
  static const Backend backend{.name = "cpu:" #isa,            \
                               .memory = host_memory,          \
                               .graphs = nullptr,              \
                               .linear_burst = nullptr,        \
                               THALWEG_OPS(THALWEG_CPU_COPY)}; \
  }

// The copies of this build (cmake/ThalwegOp.cmake).
#if defined(THALWEG_HAS_avx512)
THALWEG_CPU_BACKEND(avx512)
#endif
#if defined(THALWEG_HAS_avx2)
THALWEG_CPU_BACKEND(avx2)
#endif
#if defined(THALWEG_HAS_generic)
THALWEG_CPU_BACKEND(generic)
#endif

namespace {

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
    {&avx512::backend, runs_avx512(), "AVX2, FMA, BMI, and AVX-512 F, BW, DQ and VL"},
#endif
#if defined(THALWEG_HAS_avx2)
        {&avx2::backend, runs_avx2(), "AVX2, FMA and BMI"},
#endif
#if defined(THALWEG_HAS_generic)
        {&generic::backend, true, ""},
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
