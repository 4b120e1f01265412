// One step of every optimizer on parameters that stream from memory, that stay in cache, and that are many
// tensors.
#include <algorithm>
#include <cmath>

#include "host/bench/made_data.hpp"
#include "host/bench/training_cases.hpp"
#include "host/runtime/device_of.hpp"
#include "host/step/optimizer_scalars.hpp"
#include "kernels/update/update.hpp"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kStreaming = std::int64_t{64} << 20, kInCache = 669'706;
constexpr std::int64_t kTensors = 1000, kTensorSize = 1024;
/// The reference is slow; elements do not depend on each other, so that some of them show what all do.
constexpr std::int64_t kCheckedElements = 1 << 16;
/// Roundings of one element of any rule, with room.
constexpr double kElementBound = 64 * 0x1p-24;

std::vector<Rule> every_rule() {
  std::vector<Rule> rules;
  for (const Named<Rule>& rule : kNames<Rule>) rules.push_back(rule.value);
  return rules;
}

/// Parameters, gradient and states of `tensors` segments of equal size.
class Arena {
 public:
  Arena(const Context& ctx, Rule rule, std::int64_t tensors, std::int64_t size)
      : ctx_(ctx), scalars_(ctx, 1) {
    const std::int64_t stride = padded_size(size);
    for (std::int64_t t = 0; t < tensors; ++t) segments_.push_back({t * stride, stride, size});
    args_.rule = rule;
    for (int k = 0; k < 2 + state_count(args_.rule); ++k) {
      buffers_.emplace_back(ctx, uniform_floats(ctx, static_cast<std::uint64_t>(10 + k), tensors * stride));
    }
    for (int k = 2; k < 2 + state_count(args_.rule); ++k)
      make_positive(buffers_[static_cast<std::size_t>(k)]);
    OptimizerConfig config;
    config.name = rule;
    const UpdateScalars scalars = update_scalars(config, 1e-4, 10, parameter_groups(config));
    scalars_.upload(ctx, &scalars, 1);
    fill_arguments();
  }

  void step() const { backend_of(ctx_).update.step(device_of(ctx_), args_); }
  std::vector<float> parameters() const { return buffers_[0].download(ctx_); }

 private:
  /// Second moments are never negative; for the other states it does not matter.
  void make_positive(Buffer<float>& state) {
    std::vector<float> values = state.download(ctx_);
    for (float& value : values) value = 0.5f + 0.25f * value;
    state.upload(ctx_, values.data(), state.size());
  }
  void fill_arguments() {
    args_.segments = segments_.data();
    args_.segment_count = static_cast<int>(segments_.size());
    args_.scalars = scalars_.data();
    args_.param = buffers_[0].data();
    args_.grad = buffers_[1].data();
    for (std::size_t k = 2; k < buffers_.size(); ++k) args_.state[k - 2] = buffers_[k].data();
  }

  const Context& ctx_;
  std::vector<UpdateSegment> segments_;
  std::vector<Buffer<float>> buffers_;
  Buffer<UpdateScalars> scalars_;
  UpdateArgs args_;
};

std::vector<Check> check_step(const Context& ctx, Rule rule, std::int64_t tensors, std::int64_t size) {
  const std::int64_t few = std::min(tensors, kCheckedElements / kTensorSize);
  const std::int64_t short_size = std::min(size, kCheckedElements);
  const Context reference({.device = "reference"});
  const Arena got(ctx, rule, few, short_size), want(reference, rule, few, short_size);
  got.step(), want.step();
  const std::vector<float> a = got.parameters(), b = want.parameters();
  double error = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
    if (!(difference <= error)) error = difference;
  }
  return {{"parameters", error, kElementBound}};
}

/// Parameters, gradient and states are in [-1, 1], so that errors are absolute ones.
Case update_case(const Bench& bench, Rule rule, std::int64_t tensors, std::int64_t size) {
  const Context& ctx = bench.ctx;
  const auto arena = std::make_shared<Arena>(ctx, rule, tensors, size);
  const int states = state_count(rule);
  Case subject{.workload = "update",
               .shape = {{"optimizer", std::string(name_of(rule))},
                         {"tensors", tensors},
                         {"parameters", tensors * size}},
               .cost = update_cost(rule, tensors * size),
               .run = [arena] { arena->step(); },
               .finish = [&ctx] { backend_of(ctx).memory.synchronize(device_of(ctx)); },
               .check = [&ctx, rule, tensors, size] { return check_step(ctx, rule, tensors, size); }};
  subject.limit_amount = static_cast<double>(subject.cost.bytes_read + subject.cost.bytes_written);
  if (device_of(ctx).stream != nullptr) {
    bench.machine.bind(subject, tensors * size * 4 * (2 + states));
  } else {
    subject.limit = update_limit(ctx, states, tensors * size);
  }
  return subject;
}

}  // namespace

void update(const Bench& bench) {
  for (const Rule rule : or_default(bench.options.workload.optimizer, every_rule())) {
    for (const std::int64_t size :
         or_default<std::int64_t>(bench.options.workload.parameters, {kStreaming, kInCache}))
      bench.measure({update_case(bench, rule, 1, size)});
    if (bench.options.workload.parameters.empty())
      bench.measure({update_case(bench, rule, kTensors, kTensorSize)});
  }
}

}  // namespace thalweg::bench
