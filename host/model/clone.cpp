#include "host/model/model_call.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "thalweg/model.hpp"

namespace thalweg {
namespace {

void copy(const Context& ctx, Buffer<float>& to, const Buffer<float>& from) {
  if (from.size() == 0) return;
  backend_of(ctx).memory.copy(device_of(ctx), to.data(), from.data(),
                              from.size() * std::int64_t{sizeof(float)});
}

}  // namespace

Model Model::clone() const {
  const ReadingCall call(*this, "Model::clone");
  Model copied(ctx_, std::make_unique<Network>(ctx_, spec()));
  copy(ctx_, copied.network_->parameters(), network_->parameters());
  copy(ctx_, copied.network_->buffers(), network_->buffers());  // mutant: clone-has-statistics
  return copied;
}

}  // namespace thalweg
