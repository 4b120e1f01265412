#pragma once
// Launches that are written down instead of executed, on a GPU of some size: the nodes of a step at shapes
// that would take minutes to execute.
#include <cstddef>
#include <string>
#include <vector>

#include "simt/runtime_api.hpp"

namespace simt {

struct RecordedLaunch {
  Kernel kernel;
  std::string op;
  dim3 grid, threads;
  std::size_t dynamic_shared;
  bool cooperative;
};

/// From now on the device has these many multiprocessors of this architecture. Before the first context.
void play_gpu(int sm, int multiprocessors);
/// Whether launches are written down from now on. Their shapes are still checked.
void record_launches(bool on);
/// The launches since the last call, in order.
std::vector<RecordedLaunch> take_recorded_launches();

}  // namespace simt
