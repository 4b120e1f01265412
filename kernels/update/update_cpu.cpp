// The optimizer step on the CPU: one pass over the arena, one loop per rule, vectorised by the compiler (a
// rule has no branch that depends on an element, only selects).
//
// bytes        4 per element and stream: param and states read and written, grad read (Adam: 28)
// order        elements are independent; any cut into tasks and vectors keeps the bits
#include "kernels/update/update_cpu.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr std::int64_t kTask = 8192;           ///< elements: large beside a task's cost, small beside a model
constexpr std::int64_t kElementCost = 2;       ///< cost of an update, in the elements of tasks_cpu.hpp
constexpr std::int64_t kStrip = 64;            ///< elements between two rounds of prefetching
constexpr std::int64_t kPrefetchAhead = 1024;  ///< 4 KB per stream
constexpr std::int64_t kGather = 64;           ///< touched elements gathered at a time: two lots fit into L1
constexpr std::int64_t kTouchedTask = 512;
constexpr std::int64_t kTouchedCost = 32;  ///< cost of a touched element, in the elements of tasks_cpu.hpp
constexpr std::int64_t kLine = 16;

/// The arrays of a run of elements; `state` counts state_count(rule) of them.
struct Streams {
  float* param;
  const float* grad;
  float* state[kMaxStates];
  float* average;
};

THALWEG_HD Streams streams_at(const UpdateArgs& args, std::int64_t element) {
  Streams s{args.param + element, args.grad + element, {}, nullptr};
  for (int k = 0; k < state_count(args.rule); ++k) s.state[k] = args.state[k] + element;
  if (args.average != nullptr) s.average = args.average + element;
  return s;
}

template <int kStates>
THALWEG_HD void prefetch_strip(const Streams& x, std::int64_t at) {
  for (std::int64_t i = at; i < at + kStrip; i += kLine) {
    __builtin_prefetch(x.param + i, 1);
    __builtin_prefetch(x.grad + i, 0);
    for (int k = 0; k < kStates; ++k) __builtin_prefetch(x.state[k] + i, 1);
  }
}

template <class Functor, bool kShrinks>
THALWEG_HD void update_elements(const Streams& x, std::int64_t at, std::int64_t size,
                                const ElementScalars& s) {
  constexpr int kStates = state_count(Functor::kRule);
  float* __restrict__ const param = x.param + at;
  const float* __restrict__ const grad = x.grad + at;
  float* __restrict__ const state0 = kStates > 0 ? x.state[0] + at : nullptr;
  float* __restrict__ const state1 = kStates > 1 ? x.state[1] + at : nullptr;
  float* __restrict__ const state2 = kStates > 2 ? x.state[2] + at : nullptr;
  for (std::int64_t i = 0; i < size; ++i) {
    float state[kMaxStates] = {};
    if constexpr (kStates > 0) state[0] = state0[i];
    if constexpr (kStates > 1) state[1] = state1[i];
    if constexpr (kStates > 2) state[2] = state2[i];
    param[i] = update_element<Functor, kShrinks>(param[i], grad[i], state, s);
    if constexpr (kStates > 0) state0[i] = state[0];
    if constexpr (kStates > 1) state1[i] = state[1];
    if constexpr (kStates > 2) state2[i] = state[2];
  }
  if (x.average == nullptr) return;
  float* __restrict__ const average = x.average + at;
  // mutant: average-updated
  for (std::int64_t i = 0; i < size; ++i) average[i] = average_element(average[i], param[i], s.average_rate);
}

/// A rule that divides the gradient has a loop without the division of L1.
template <class Functor>
THALWEG_HD void update_strip(const Streams& x, std::int64_t at, std::int64_t size, const ElementScalars& s) {
  if constexpr (DividesGradient<Functor>) {
    if (s.shrink == 0.0f) return update_elements<Functor, false>(x, at, size, s);
  }
  update_elements<Functor, true>(x, at, size, s);
}

/// `size` consecutive elements.
template <class Functor>
void update_run(const Streams& x, std::int64_t size, const ElementScalars& scalars) {
  const ElementScalars s = scalars;
  std::int64_t i = 0;
  for (; i + kStrip <= size; i += kStrip) {
    prefetch_strip<state_count(Functor::kRule)>(x, i + kPrefetchAhead);
    update_strip<Functor>(x, i, kStrip, s);
  }
  update_strip<Functor>(x, i, size - i, s);  // mutant: tail-updated
}

/// Arena positions of up to kGather touched elements, whose memory is prefetched.
template <int kStates>
struct Gathered {
  std::int64_t at[kGather];
  std::int64_t size = 0;

  THALWEG_HD void take(const Streams& arena, TouchedWalk& walk, std::int64_t count) {
    size = count;
    for (std::int64_t i = 0; i < count; ++i) {
      at[i] = walk.next();
      __builtin_prefetch(arena.param + at[i], 1);
      __builtin_prefetch(arena.grad + at[i], 0);
      for (int k = 0; k < kStates; ++k) __builtin_prefetch(arena.state[k] + at[i], 1);
    }
  }
};

/// The touched elements at list positions [begin, end): gathered, updated as a run, scattered, while the next
/// ones are on their way.
template <class Functor>
void update_touched(const Streams& arena, const TouchedElements& touched, std::int64_t count,
                    std::int64_t begin, std::int64_t end, const ElementScalars& s) {
  constexpr int kStates = state_count(Functor::kRule);
  Gathered<kStates> gathered[2];
  alignas(64) float param[kGather], grad[kGather], state[kMaxStates][kGather], average[kGather];
  const Streams run{param, grad, {state[0], state[1], state[2]}, arena.average ? average : nullptr};
  TouchedWalk walk(touched, count, begin);
  int turn = 0;
  gathered[turn].take(arena, walk, end - begin < kGather ? end - begin : kGather);
  for (std::int64_t p = begin; p < end; p += kGather, turn = 1 - turn) {
    const std::int64_t left = end - p - gathered[turn].size;
    gathered[1 - turn].take(arena, walk, left < kGather ? left : kGather);
    const std::int64_t size = gathered[turn].size;
    const std::int64_t* const at = gathered[turn].at;
    for (std::int64_t i = 0; i < size; ++i) {
      param[i] = arena.param[at[i]];
      grad[i] = arena.grad[at[i]];
      for (int k = 0; k < kStates; ++k) state[k][i] = arena.state[k][at[i]];
      if (arena.average != nullptr) average[i] = arena.average[at[i]];
    }
    update_strip<Functor>(run, 0, size, s);
    for (std::int64_t i = 0; i < size; ++i) {
      arena.param[at[i]] = param[i];
      for (int k = 0; k < kStates; ++k) arena.state[k][at[i]] = state[k][i];
      if (arena.average != nullptr) arena.average[at[i]] = average[i];
    }
  }
}

struct RuleLoops {
  void (*run)(const Streams&, std::int64_t, const ElementScalars&);
  void (*touched)(const Streams&, const TouchedElements&, std::int64_t, std::int64_t, std::int64_t,
                  const ElementScalars&);
};

template <class... Functors>
RuleLoops loops_of(Rule rule, RuleList<Functors...>) {
  static constexpr RuleLoops kLoops[] = {{&update_run<Functors>, &update_touched<Functors>}...};
  static constexpr Rule kOrder[] = {Functors::kRule...};
  static_assert(
      [] {
        for (int i = 0; i < static_cast<int>(sizeof...(Functors)); ++i)
          if (kOrder[i] != static_cast<Rule>(i)) return false;
        return true;
      }(),
      "AllRules lists the rules in the order of enum Rule");
  return kLoops[static_cast<int>(rule)];
}

void step_touched(const Device& device, const UpdateArgs& args, const RuleLoops& loops, float grad_scale) {
  const UpdateSegment& segment = args.segments[0];
  const ElementScalars scalars = element_scalars(*args.scalars, segment.group, grad_scale);
  const Streams arena = streams_at(args, args.touched.offset);
  const std::int64_t count = *args.touched.count, positions = count * args.touched.outputs;
  const std::int64_t tasks = (positions + kTouchedTask - 1) / kTouchedTask;
  for_tasks(device.pool, tasks, kTouchedCost * positions, [&](std::int64_t task) {
    const std::int64_t begin = task * kTouchedTask, left = positions - begin;
    loops.touched(arena, args.touched, count, begin, begin + (left < kTouchedTask ? left : kTouchedTask),
                  scalars);
  });
}

void step(const Device& device, const UpdateArgs& args) {
  if (!norm_permits(args.squared_norm)) return;
  const RuleLoops loops = loops_of(args.rule, AllRules{});
  const float grad_scale = args.grad_scale != nullptr ? *args.grad_scale : 1.0f;  // mutant: clip-factor-used
  if (args.touched.features != nullptr) return step_touched(device, args, loops, grad_scale);
  const Scratch::Frame frame(device);
  Blocks blocks{args.segments, args.segment_count, kTask, frame.take<std::int64_t>(args.segment_count + 1)};
  blocks.number();
  std::int64_t elements = 0;
  for (int i = 0; i < args.segment_count; ++i) elements += args.segments[i].used;
  for_tasks(device.pool, blocks.count(), kElementCost * elements, [&](std::int64_t task) {
    const Block block = blocks.at(task);
    loops.run(streams_at(args, block.begin), block.size,
              element_scalars(*args.scalars, args.segments[block.segment].group, grad_scale));
  });
}

}  // namespace

extern const UpdateOps update_cpu;
const UpdateOps update_cpu{
    .step = &step, .gradient_norm = &gradient_norm, .record = &record, .project = &project};
}  // namespace thalweg::THALWEG_ISA
