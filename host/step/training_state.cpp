#include "host/step/training_state.hpp"

#include "host/model/model_file.hpp"

namespace thalweg {

CheckpointData training_state(const Context& ctx, Network& network, const Learner& learner) {
  CheckpointData data;
  data.parameters = download_tensors(ctx, network.plan().parameters(), network.parameters());
  data.buffers = download_tensors(ctx, network.plan().buffers(), network.buffers());
  data.states = learner.states();
  data.metadata = model_metadata(network.spec());
  data.step = learner.steps();
  return data;
}

void restore_model_state(const Context& ctx, const CheckpointData& data, Network& network) {
  upload_tensors(ctx, network.plan().parameters(), data.parameters, network.parameters());
  upload_tensors(ctx, network.plan().buffers(), data.buffers, network.buffers());
}

}  // namespace thalweg
