#pragma once
// Device functions, each with CUDA's meaning on every input. What is not here does not compile.
#include <bit>
#include <climits>
#include <cmath>
#include <concepts>
#include <cstring>
#include <type_traits>

#include "simt/device.hpp"
#include "simt/vector_types.hpp"

// ---- barriers ----
inline void __syncthreads(simt::Site site = simt::here()) {
  simt::block_barrier(simt::Barrier::sync, false, site);
}
inline int __syncthreads_count(int predicate, simt::Site site = simt::here()) {
  return simt::block_barrier(simt::Barrier::count, predicate != 0, site);
}
inline int __syncthreads_and(int predicate, simt::Site site = simt::here()) {
  return simt::block_barrier(simt::Barrier::all, predicate != 0, site);
}
inline int __syncthreads_or(int predicate, simt::Site site = simt::here()) {
  return simt::block_barrier(simt::Barrier::any, predicate != 0, site);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, simt::Site site = simt::here()) {
  simt::exchange(simt::Exchange::sync, mask, 0, 0, 32, site);
}

// ---- warp exchange ----
namespace simt {
template <class T>
concept Shuffled = std::is_same_v<T, int> || std::is_same_v<T, unsigned> || std::is_same_v<T, long> ||
    std::is_same_v<T, unsigned long> || std::is_same_v<T, long long> ||
    std::is_same_v<T, unsigned long long> || std::is_same_v<T, float> || std::is_same_v<T, double>;

template <Shuffled T>
T shuffle(Exchange kind, unsigned mask, T value, int argument, int width, Site site) {
  std::uint64_t raw = 0;
  std::memcpy(&raw, &value, sizeof value);
  raw = exchange(kind, mask, raw, argument, width, site);
  std::memcpy(&value, &raw, sizeof value);
  return value;
}
}  // namespace simt

template <simt::Shuffled T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, simt::Site site = simt::here()) {
  return simt::shuffle(simt::Exchange::shuffle, mask, value, source, width, site);
}
template <simt::Shuffled T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, simt::Site site = simt::here()) {
  return simt::shuffle(simt::Exchange::shuffle_up, mask, value, static_cast<int>(delta), width, site);
}
template <simt::Shuffled T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, simt::Site site = simt::here()) {
  return simt::shuffle(simt::Exchange::shuffle_down, mask, value, static_cast<int>(delta), width, site);
}
template <simt::Shuffled T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, simt::Site site = simt::here()) {
  return simt::shuffle(simt::Exchange::shuffle_xor, mask, value, lane_mask, width, site);
}
inline int __all_sync(unsigned mask, int predicate, simt::Site site = simt::here()) {
  return static_cast<int>(simt::exchange(simt::Exchange::all, mask, predicate != 0, 0, 32, site));
}
inline int __any_sync(unsigned mask, int predicate, simt::Site site = simt::here()) {
  return static_cast<int>(simt::exchange(simt::Exchange::any, mask, predicate != 0, 0, 32, site));
}
inline unsigned __ballot_sync(unsigned mask, int predicate, simt::Site site = simt::here()) {
  return static_cast<unsigned>(simt::exchange(simt::Exchange::ballot, mask, predicate != 0, 0, 32, site));
}
template <simt::Shuffled T>
unsigned __match_any_sync(unsigned mask, T value, simt::Site site = simt::here()) {
  std::uint64_t raw = 0;
  std::memcpy(&raw, &value, sizeof value);
  return static_cast<unsigned>(simt::exchange(simt::Exchange::match_any, mask, raw, 0, 32, site));
}
namespace simt {
template <class T>
concept Reduced = std::is_same_v<T, int> || std::is_same_v<T, unsigned>;
template <Reduced T>
T reduce(Exchange kind, unsigned mask, T value, Site site) {
  return static_cast<T>(exchange(kind, mask, static_cast<unsigned>(value), 0, 32, site));
}
}  // namespace simt
template <simt::Reduced T>
T __reduce_add_sync(unsigned mask, T value, simt::Site site = simt::here()) {
  return simt::reduce(simt::Exchange::add, mask, value, site);
}
template <simt::Reduced T>
T __reduce_min_sync(unsigned mask, T value, simt::Site site = simt::here()) {
  constexpr bool is_signed = std::is_signed_v<T>;
  return simt::reduce(is_signed ? simt::Exchange::min_signed : simt::Exchange::min_unsigned, mask, value,
                      site);
}
template <simt::Reduced T>
T __reduce_max_sync(unsigned mask, T value, simt::Site site = simt::here()) {
  constexpr bool is_signed = std::is_signed_v<T>;
  return simt::reduce(is_signed ? simt::Exchange::max_signed : simt::Exchange::max_unsigned, mask, value,
                      site);
}
inline unsigned __reduce_and_sync(unsigned mask, unsigned value, simt::Site site = simt::here()) {
  return simt::reduce(simt::Exchange::bit_and, mask, value, site);
}
inline unsigned __reduce_or_sync(unsigned mask, unsigned value, simt::Site site = simt::here()) {
  return simt::reduce(simt::Exchange::bit_or, mask, value, site);
}
inline unsigned __reduce_xor_sync(unsigned mask, unsigned value, simt::Site site = simt::here()) {
  return simt::reduce(simt::Exchange::bit_xor, mask, value, site);
}

// ---- fences and atomics ----
inline void __threadfence() { simt::fence(); }
inline void __threadfence_block() { simt::fence(); }
inline void __threadfence_system() { simt::fence(); }

namespace simt {
template <class T, class... Allowed>
concept OneOf = (std::is_same_v<T, Allowed> || ...);
template <class T>
concept Word = OneOf<T, int, unsigned, unsigned long long>;

/// Replaces *address by change(old) in one step and returns old.
template <class T, class Change>
T atomic_change(T* address, Change change) {
  before_atomic(address);
  T old, next;
  __atomic_load(address, &old, __ATOMIC_RELAXED);
  do {
    next = change(old);
  } while (!__atomic_compare_exchange(address, &old, &next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  after_atomic(address);
  return old;
}
}  // namespace simt

template <class T>
requires(simt::Word<T> || simt::OneOf<T, float, double>) T
    atomicAdd(T* address, std::type_identity_t<T> value) {
  return simt::atomic_change(address, [value](T old) {
    if constexpr (std::is_same_v<T, int>)
      return static_cast<int>(static_cast<unsigned>(old) + static_cast<unsigned>(value));
    else
      return static_cast<T>(old + value);
  });
}
template <class T>
requires simt::OneOf<T, int, unsigned> T atomicSub(T* address, std::type_identity_t<T> value) {
  return simt::atomic_change(address, [value](T old) {
    return static_cast<T>(static_cast<unsigned>(old) - static_cast<unsigned>(value));
  });
}
template <simt::Word T>
T atomicMin(T* address, std::type_identity_t<T> value) {
  return simt::atomic_change(address, [value](T old) { return value < old ? value : old; });
}
template <simt::Word T>
T atomicMax(T* address, std::type_identity_t<T> value) {
  return simt::atomic_change(address, [value](T old) { return old < value ? value : old; });
}
template <simt::Word T>
T atomicAnd(T* address, std::type_identity_t<T> value) {
  return simt::atomic_change(address, [value](T old) { return old & value; });
}
template <simt::Word T>
T atomicOr(T* address, std::type_identity_t<T> value) {
  return simt::atomic_change(address, [value](T old) { return old | value; });
}
template <simt::Word T>
T atomicXor(T* address, std::type_identity_t<T> value) {
  return simt::atomic_change(address, [value](T old) { return old ^ value; });
}
template <class T>
requires(simt::Word<T> || std::is_same_v<T, float>) T atomicExch(T* address, std::type_identity_t<T> value) {
  return simt::atomic_change(address, [value](T) { return value; });
}
template <simt::Word T>
T atomicCAS(T* address, std::type_identity_t<T> compare, std::type_identity_t<T> value) {
  return simt::atomic_change(address, [=](T old) { return old == compare ? value : old; });
}
inline unsigned atomicInc(unsigned* address, unsigned limit) {
  return simt::atomic_change(address, [limit](unsigned old) { return old >= limit ? 0u : old + 1u; });
}
inline unsigned atomicDec(unsigned* address, unsigned limit) {
  return simt::atomic_change(address,
                             [limit](unsigned old) { return old == 0 || old > limit ? limit : old - 1u; });
}

// ---- loads and stores with a cache hint ----
template <class T>
T __ldg(const T* from, simt::Site site = simt::here()) {
  simt::require_aligned(from, alignof(T), site);
  return *from;
}
template <class T>
T __ldcs(const T* from, simt::Site site = simt::here()) {
  return __ldg(from, site);
}
template <class T>
T __ldcg(const T* from, simt::Site site = simt::here()) {
  return __ldg(from, site);
}
template <class T>
void __stcs(T* to, std::type_identity_t<T> value, simt::Site site = simt::here()) {
  simt::require_aligned(to, alignof(T), site);
  *to = value;
}
template <class T>
void __stwb(T* to, std::type_identity_t<T> value, simt::Site site = simt::here()) {
  __stcs(to, value, site);
}
template <class T>
void __stcg(T* to, std::type_identity_t<T> value, simt::Site site = simt::here()) {
  __stcs(to, value, site);
}

// ---- arithmetic with a named rounding; contraction is off, so + * stay themselves ----
inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fsqrt_rn(float a) { return __builtin_sqrtf(a); }
inline double __fma_rn(double a, double b, double c) { return __builtin_fma(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }

// ---- integers and bits ----
inline int __popc(unsigned x) { return std::popcount(x); }
inline int __popcll(unsigned long long x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return std::countl_zero(static_cast<unsigned long long>(x)); }
/// Position of the lowest set bit, counted from 1; 0 for none.
inline int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
inline int __ffsll(long long x) {
  return x == 0 ? 0 : std::countr_zero(static_cast<unsigned long long>(x)) + 1;
}
inline unsigned __brev(unsigned x) {
  unsigned reversed = 0;
  for (int bit = 0; bit < 32; ++bit) reversed |= ((x >> bit) & 1u) << (31 - bit);
  return reversed;
}
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((std::uint64_t{a} * b) >> 32);
}
inline int __mulhi(int a, int b) { return static_cast<int>((std::int64_t{a} * b) >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>((static_cast<unsigned __int128>(a) * b) >> 64);
}
inline unsigned __funnelshift_l(unsigned lo, unsigned hi, unsigned shift) {
  return static_cast<unsigned>((((std::uint64_t{hi} << 32) | lo) << (shift & 31)) >> 32);
}
inline unsigned __funnelshift_r(unsigned lo, unsigned hi, unsigned shift) {
  return static_cast<unsigned>(((std::uint64_t{hi} << 32) | lo) >> (shift & 31));
}
/// Byte i of the result is byte (selector nibble i, its three low bits) of b:a; bit 3 spreads its sign.
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
  const std::uint64_t bytes = (std::uint64_t{b} << 32) | a;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned nibble = (selector >> (4 * i)) & 15u;
    unsigned byte = static_cast<unsigned>(bytes >> (8 * (nibble & 7u))) & 255u;
    if ((nibble & 8u) != 0) byte = (byte & 128u) != 0 ? 255u : 0u;
    result |= byte << (8 * i);
  }
  return result;
}

// ---- bit casts and conversions; NaN and out-of-range values convert as on the device ----
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }
inline double __longlong_as_double(long long x) { return std::bit_cast<double>(x); }
namespace simt {
inline int saturated_int(float x) {
  if (x != x) return 0;
  return x >= 0x1p31f ? INT_MAX : x < -0x1p31f ? INT_MIN : static_cast<int>(x);
}
}  // namespace simt
inline int __float2int_rn(float x) { return simt::saturated_int(__builtin_nearbyintf(x)); }
inline int __float2int_rz(float x) { return simt::saturated_int(x); }
inline int __float2int_rd(float x) { return simt::saturated_int(__builtin_floorf(x)); }
inline int __float2int_ru(float x) { return simt::saturated_int(__builtin_ceilf(x)); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }

template <class T>
requires std::is_arithmetic_v<T>
constexpr T min(T a, std::type_identity_t<T> b) { return b < a ? b : a; }
template <class T>
requires std::is_arithmetic_v<T>
constexpr T max(T a, std::type_identity_t<T> b) { return a < b ? b : a; }
// Not a number gives way to a number, as fminf and fmaxf have it.
inline float min(float a, float b) { return __builtin_fminf(a, b); }
inline float max(float a, float b) { return __builtin_fmaxf(a, b); }

[[noreturn]] inline void __trap(simt::Site site = simt::here()) { simt::trap(site); }
