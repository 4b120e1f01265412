#pragma once
// How `_cpu.cpp` files cut work into tasks. A task owns its outputs, so the cut may follow the machine: it
// never changes a bit.
#include <cstdint>

#include "kernels/base/hd.hpp"
#include "kernels/base/parallel.hpp"

#ifndef THALWEG_ISA
#error "tasks_cpu.hpp is for files that are compiled once per instruction set"
#endif

/// Goes before a loop whose output may be one of its inputs, element for element. Without it the compiler
/// checks for overlap at run time and takes the scalar loop when the op runs in place.
#if defined(__clang__)
#define THALWEG_ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")
#else
#define THALWEG_ELEMENTWISE _Pragma("GCC ivdep")
#endif

namespace thalweg::THALWEG_ISA {

/// Elements that one thread finishes in about the time it takes to wake another.
constexpr std::int64_t kElementsWorthAThread = 16384;

/// Calls body(task) for every task in [0, tasks), on the pool's threads when the work is worth waking them.
template <class Body>
void for_tasks(ThreadPool& pool, std::int64_t tasks, std::int64_t elements, const Body& body) {
  if (elements < 2 * kElementsWorthAThread) {
    for (std::int64_t task = 0; task < tasks; ++task) body(task);
    return;
  }
  pool.run(tasks, [&body](std::int64_t task, int) { body(task); });
}

/// Calls body(row) for every row, in runs of about kElementsWorthAThread elements.
template <class Body>
void for_rows(ThreadPool& pool, std::int64_t rows, std::int64_t cols, const Body& body) {
  const std::int64_t run = cols < kElementsWorthAThread ? kElementsWorthAThread / (cols > 0 ? cols : 1) : 1;
  for_tasks(pool, (rows + run - 1) / run, rows * cols, [&](std::int64_t task) {
    const std::int64_t end = (task + 1) * run < rows ? (task + 1) * run : rows;
    for (std::int64_t row = task * run; row < end; ++row) body(row);
  });
}

}  // namespace thalweg::THALWEG_ISA
