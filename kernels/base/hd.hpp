#pragma once
// THALWEG_HD marks a function that CPU and CUDA share. It is always inlined on the host: the same header is
// compiled for several instruction sets, and an out-of-line copy could be linked into the wrong one.
#if defined(__CUDACC__)
#define THALWEG_HD __host__ __device__ __forceinline__
#else
#define THALWEG_HD [[gnu::always_inline]] inline
#endif
