#pragma once
// Kernels of every kind the executor has to run, each behind one host function. nvcc compiles the same files.
#include <cstdint>

namespace thalweg::samples {

struct AdamStep {
  float one_minus_beta1, one_minus_beta2, step_size, denom_scale, eps;
};
/// Fused Adam, four elements a thread; n is a multiple of 4.
void adam(void* stream, std::int64_t n, float* param, const float* grad, float* first, float* second,
          AdamStep s);
/// out[b] = sum of the 256 elements of block b; missing elements count as zero.
void block_sum(void* stream, std::int64_t n, const float* in, float* out);
/// losses[n] and grad[n, k] of softmax cross-entropy, one warp a row.
void softmax(void* stream, std::int64_t rows, int classes, const float* logits, const int* targets,
             float* losses, float* grad);
/// C = A B, row-major, [m, k] x [k, n]; m, n multiples of 64, k of 16.
void sgemm(void* stream, int m, int n, int k, const float* a, const float* b, float* c);
/// out[s] = sum of in[offsets[s] .. offsets[s + 1]).
void segmented_sum(void* stream, int segments, const std::int64_t* offsets, const float* in, float* out);
/// Zeroes elements with probability one half, by Philox.
void dropout(void* stream, std::int64_t n, std::uint64_t seed, const float* in, float* out);
/// out = factor * in; the kernel is a template over factor.
void scale(void* stream, std::int64_t n, int factor, const float* in, float* out);
/// values /= (sum of values), in one cooperative launch of `blocks` blocks of 64 threads.
void normalize(void* stream, int blocks, float* values, float* partial);
/// bins[v] += number of v in values, v in [0, 64).
void histogram(void* stream, std::int64_t n, const int* values, unsigned* bins);
/// *sum = sum of in, by the block that finishes last; *tickets is 0 before and after.
void last_block_sum(void* stream, std::int64_t n, const float* in, float* partial, unsigned* tickets,
                    float* sum);
/// Transposes a matrix of rows x columns by tiles of 32 x 32 in dynamic shared memory.
void transpose(void* stream, int rows, int columns, const float* in, float* out);
/// sums[i] = sum over the four blocks of each cluster of their block sums; sm_90 and later.
void cluster_sum(void* stream, int clusters, const float* in, float* sums);

}  // namespace thalweg::samples
