#pragma once
// A burst: several steps of a linear model with one output on dense rows, without the host in between. Each
// step finds its rows, computes forward pass, loss and gradient, writes its record and updates the
// parameters. A burst has the bits of the separate ops: order, linear_step and update.
#include <cstdint>

#include "kernels/base/device.hpp"
#include "kernels/base/loss.hpp"
#include "kernels/base/required.hpp"
#include "kernels/order/order.hpp"
#include "kernels/update/update.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// The scalars of a step.
struct BurstScalars {
  UpdateScalars update;
  float loss_scale = 1;
};

/// What changes from step to step.
struct BurstStepInputs {
  BurstScalars scalars;
  std::int64_t count = 0;       ///< rows of the batch, 1 to max_batch
  std::int64_t listed = -1;     ///< where its row ids begin in LinearBurst::ids; -1: they follow from `place`
  std::uint64_t with_rows = 0;  ///< of its BatchSlices
  BatchPlace place;
};

/// What decides whether a backend takes a burst.
struct LinearBurstShape {
  std::int64_t features = 0;
  DType dtype = DType::f32;
  std::int64_t max_batch = 0;
  int slices = 8;
  int arenas = 1;  ///< parameters, states of the optimizer, and an average if there is one
};

/// The pointers are to the backend's memory. Arenas have the same offsets.
struct LinearBurst {
  DenseRows input;      ///< [rows of the data set, I]; ids null
  LossTargets targets;  ///< of the data set; ids and scale null
  LossSpec loss;
  std::int64_t max_batch = 0;
  int slices = 8;
  UpdateSegment weight, bias;  ///< of the arenas; bias.used == 0: no bias
  Rule rule = Rule::sgd;       ///< with constraints of single elements alone
  float clip_norm = 0;         ///< as in GradientNormArgs
  float* param = nullptr;
  float* state[kMaxStates] = {};
  float* average = nullptr;     ///< or null
  BurstState* burst = nullptr;  ///< [1]; the records of the steps go on from burst->next
  StepRecord* records = nullptr;
  const std::int64_t* order_rows = nullptr;  ///< OrderArgs::rows
  const BurstStepInputs* steps = nullptr;    ///< [step_count]
  std::int64_t step_count = 0;
  const std::int64_t* ids = nullptr;  ///< of the steps that list their rows

  constexpr LinearBurstShape shape() const {
    return {input.cols, input.dtype, max_batch, slices, 1 + state_count(rule) + (average != nullptr ? 1 : 0)};
  }
};

// linear_step_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const LinearBurst& args);

struct LinearBurstOps {
  Required<bool(const Device&, const LinearBurstShape&)> takes;
  Required<void(const Device&, const LinearBurst&)> run;
};

extern const LinearBurstOps linear_burst_cuda;

}  // namespace thalweg
