#pragma once
// What a public call on a model begins with.
#include "host/model/network.hpp"
#include "host/runtime/lane.hpp"

namespace thalweg {

/// A call that reads a model (ModelUsers::Reads) or changes it (ModelUsers::Changes), in a lane of its
/// context. Throws UsageError where it may not be made now.
template <class Use>
class ModelCall {
 public:
  ModelCall(const Context& ctx, const Network& network, const char* name)
      : use_(network.users(), name), lane_(ctx) {}
  ModelCall(const Model& model, const char* name) : ModelCall(model.context(), model.network(), name) {}

 private:
  const Use use_;
  const Lane lane_;
};

using ReadingCall = ModelCall<ModelUsers::Reads>;
using ChangingCall = ModelCall<ModelUsers::Changes>;

}  // namespace thalweg
