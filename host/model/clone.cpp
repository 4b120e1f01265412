#include "host/model/model_call.hpp"
#include "thalweg/model.hpp"

namespace thalweg {
Model Model::clone() const {
  const ReadingCall call(*this, "Model::clone");
  Model copied(ctx_, std::make_unique<Network>(ctx_, spec()));
  copied.network_->parameters().copy(ctx_, network_->parameters());
  copied.network_->buffers().copy(ctx_, network_->buffers());  // mutant: clone-has-statistics
  return copied;
}

}  // namespace thalweg
