#pragma once
// A step as a recorded graph, on backends that have graphs.
#include <cstdint>
#include <map>

#include "kernels/backend.hpp"
#include "thalweg/context.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

class StepGraphs {
 public:
  explicit StepGraphs(const Context& ctx) : ctx_(ctx) {}
  ~StepGraphs() { clear(); }
  StepGraphs(const StepGraphs&) = delete;
  StepGraphs& operator=(const StepGraphs&) = delete;

  /// Runs `body`, whose launches depend on `key` alone: as it is the first time, so that scratch memory grows
  /// to what it needs; recorded the second time; replayed from then on.
  template <class Body>
  void run(std::int64_t key, const Body& body) {
    if (ctx_.backend().graphs == nullptr) return body();
    drop_outdated();
    const auto found = graphs_.find(key);
    if (found == graphs_.end()) {
      body();
      drop_outdated();
      graphs_[key] = nullptr;
      return;
    }
    if (found->second == nullptr) found->second = record(body);
    ctx_.backend().graphs->launch(ctx_, found->second);
  }

 private:
  template <class Body>
  void* record(const Body& body) {
    const GraphOps& graphs = *ctx_.backend().graphs;
    graphs.begin_capture(ctx_);
    try {
      body();
    } catch (...) {
      abandon();
      throw;
    }
    return graphs.end_capture(ctx_);
  }

  /// While a stream records, memory cannot be given back.
  void abandon() {
    try {
      ctx_.backend().graphs->destroy(ctx_.backend().graphs->end_capture(ctx_));
    } catch (const Error&) {  // what was recorded so far is no graph
    }
  }

  /// Graphs hold addresses in the scratch memory that there was; a body of another key may make it grow.
  void drop_outdated() {
    if (generation_ != ctx_.scratch_generation()) clear();
    generation_ = ctx_.scratch_generation();
  }

  void clear() {
    for (const auto& [key, graph] : graphs_) {
      if (graph != nullptr) ctx_.backend().graphs->destroy(graph);
    }
    graphs_.clear();
  }

  const Context& ctx_;
  std::map<std::int64_t, void*> graphs_;
  std::int64_t generation_ = 0;
};

}  // namespace thalweg
