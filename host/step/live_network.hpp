#pragma once
// The network of a model that may end before those who refer to it.
#include <memory>

#include "host/model/network.hpp"
#include "thalweg/error.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

class LiveNetwork {
 public:
  explicit LiveNetwork(Model& model) : network_(model.network()), life_(network_.life()) {}

  /// Throws UsageError if the model is gone. Each public call begins with it.
  Network& live() const {
    if (life_.expired())
      throw UsageError("the model of this learner is gone: it was destroyed or assigned to");
    return network_;
  }
  /// Without the check: for what a call does once it has begun.
  Network& operator*() const { return network_; }
  Network* operator->() const { return &network_; }

 private:
  Network& network_;
  std::weak_ptr<const Network> life_;
};

}  // namespace thalweg
