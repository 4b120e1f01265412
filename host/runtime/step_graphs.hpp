#pragma once
// A step as a recorded graph, on backends that have graphs.
#include <cstdint>
#include <map>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

class StepGraphs {
 public:
  explicit StepGraphs(const Context& ctx) : ctx_(ctx) {}
  ~StepGraphs() { clear(); }
  StepGraphs(const StepGraphs&) = delete;
  StepGraphs& operator=(const StepGraphs&) = delete;

  /// Runs `body`, whose launches depend on `key` alone. The first run is direct, so that scratch memory grows
  /// to its size. The second is recorded, and all later ones are replayed.
  template <class Body>
  void run(std::int64_t key, const Body& body) {
    if (backend_of(ctx_).graphs == nullptr) return body();
    drop_outdated();
    const auto found = graphs_.find(key);
    if (found == graphs_.end()) {
      body();
      drop_outdated();
      graphs_[key] = nullptr;
      return;
    }
    if (found->second == nullptr) found->second = record(body);
    backend_of(ctx_).graphs->launch(device_of(ctx_), found->second);
  }

  /// Forgets what was recorded.
  void clear() {
    for (const auto& [key, graph] : graphs_) {
      if (graph != nullptr) backend_of(ctx_).graphs->destroy(graph);
    }
    graphs_.clear();
  }

 private:
  template <class Body>
  void* record(const Body& body) {
    const GraphOps& graphs = *backend_of(ctx_).graphs;
    graphs.begin_capture(device_of(ctx_));
    try {
      body();
    } catch (...) {
      abandon();
      throw;
    }
    return graphs.end_capture(device_of(ctx_));
  }

  /// While a stream records, memory cannot be given back.
  void abandon() {
    try {
      backend_of(ctx_).graphs->destroy(backend_of(ctx_).graphs->end_capture(device_of(ctx_)));
    } catch (const Error&) {  // the recording is not a complete graph
    }
  }

  /// Graphs hold addresses in the scratch memory that there was; a body of another key may make it grow.
  void drop_outdated() {
    if (generation_ != device_of(ctx_).scratch.generation()) clear();
    generation_ = device_of(ctx_).scratch.generation();
  }

  const Context& ctx_;
  std::map<std::int64_t, void*> graphs_;
  std::int64_t generation_ = 0;
};

}  // namespace thalweg
