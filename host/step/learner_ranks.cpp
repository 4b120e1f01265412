#include "host/step/learner_ranks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/checkpoint/checksum.hpp"
#include "host/data/memory_rows.hpp"
#include "host/model/model_call.hpp"
#include "host/ranks/local_ranks.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

[[noreturn]] void refuse(const LearnerOptions& options, const std::string& why) {
  throw ConfigError(fmt::format("{} ranks, but {}", options.ranks, why));
}

}  // namespace

Context context_of_rank(const Context& ctx, const LearnerOptions& options) {
  if (options.ranks <= 1) return ctx;
  return Context({ctx.device(), ctx.numerics(), std::max(ctx.threads() / options.ranks, 1)});
}

void require_ranks(const Context& ctx, const Network& network, const Dataset& data,
                   const LearnerOptions& options) {
  if (options.ranks <= 1) return;
  if (!ctx.device().starts_with("cpu"))
    refuse(options, fmt::format("the device is {}: ranks are for the cpu", ctx.device()));
  if (options.ranks > options.reduction_slices)
    refuse(options,
           fmt::format("reduction_slices = {}: at most {} ranks can share a batch; more slices give other "
                       "bits, so set them from the start of a run",
                       options.reduction_slices, options.reduction_slices));
  for (const auto& layer : network.layers()) {
    if (!layer->whole_batch_reason().empty())
      refuse(options, fmt::format("layer \"{}\": {}; use layer normalization", layer->name(),
                                  layer->whole_batch_reason()));
  }
  if (data.store != nullptr)
    refuse(options,
           fmt::format("the features of {} stay on the disk; ranks need them in memory", source_of(data)));
}

/// The child of a fork has none of the threads. Joining them would never end, so they are not destroyed.
Learner::State::~State() {
  if (ranks != nullptr && ranks->team && !ranks->team->are_here()) static_cast<void>(ranks.release());
}

std::unique_ptr<RankSum> Learner::State::make_rank_sum(Communicator& end) const {
  RankArena arena{.floats = network->plan().arena_size()};
  if (sparse) arena.touched = sparse->elements();
  if (optimizer.lazy() && arena.touched.offset == 0) arena.shared_from = segment_end(arena.touched);
  return std::make_unique<RankSum>(ctx, arena, options.reduction_slices, end);
}

std::unique_ptr<Learner::State::Ranks> Learner::State::make_ranks(Model& model, Communicator* rank) {
  const auto made_of = [&](Communicator& end) {
    auto made = std::make_unique<Ranks>(make_rank_sum(end), optimizer.updates_elements_alone());
    const auto [begin, piece_end] = made->sum->own_piece();
    if (made->shares_update) optimizer.update_only(begin, piece_end);
    return made;
  };
  if (rank != nullptr) return made_of(*rank);
  auto ends = local_ranks(options.ranks);
  auto all = made_of(*ends[0]);
  std::vector<RankTeam::Follow> follow(ends.size());
  for (std::size_t r = 1; r < ends.size(); ++r) {
    all->followers.push_back(std::make_unique<Ranks::Follower>(model, *this, *ends[r]));
    follow[r] = [follower = all->followers.back().get()](const RankOrder& order) { follower->follow(order); };
  }
  all->team.emplace(std::move(ends), std::move(follow));
  return all;
}

Learner::State::Ranks::Follower::Follower(const Model& leader, const State& of, Communicator& rank)
    : model(leader.clone()), state(model, of.data.host(), of.options, &rank) {}

void Learner::State::Ranks::Follower::follow(const RankOrder& order) {
  const ChangingCall call(state.ctx, state.network.live(), "Learner::step");
  if (order.task == RankTask::gather_states) return state.gather_states();
  state.steps = order.steps;
  state.synchronise(order);
  state.take(order.rows, order.lr, order.task == RankTask::update, nullptr);
  state.collect();
}

void Learner::State::Ranks::require_here() const {
  if (team && !team->are_here())
    throw UsageError("the child of a fork has no ranks: it can predict, and learn with a learner of its own");
}

template <class Own>
void Learner::State::Ranks::run(const RankOrder& order, const Own& own) {
  require_here();
  team->run(order, own);
}

void Learner::State::Ranks::between_orders(const std::function<void()>& change) {
  if (!team) return change();  // a follower: rank 0 waits for all
  team->between_orders(change);
}

void Learner::State::Ranks::set_data(const Dataset& data) {
  for (const auto& follower : followers) {
    const ChangingCall call(follower->state.ctx, follower->state.network.live(), "Learner::set_data");
    follower->state.set_data(data);
  }
}

void Learner::State::take_with_ranks(const StepRows& rows, double lr, bool update) {
  const Buffer<float>& values = network->parameters();
  const auto sum_of_values = [&] {
    return checksum64({reinterpret_cast<const char*>(values.data()),
                       static_cast<std::size_t>(values.size()) * sizeof(float)});
  };
  const RankOrder order{.task = update ? RankTask::update : RankTask::gradient,
                        .rows = rows,
                        .lr = lr,
                        .steps = steps,
                        .new_parameters = ranks->parameters != sum_of_values(),
                        .new_states = ranks->new_states};
  ranks->run(order, [&] {
    synchronise(order);
    take(rows, lr, update, nullptr);
  });
  ranks->parameters = sum_of_values();
  ranks->new_states = false;
  if (update) ranks->states_whole = !ranks->shares_update;
}

std::vector<float*> Learner::State::state_arenas() {
  std::vector<float*> arenas;
  for (const Buffer<float>& state : optimizer.states()) arenas.push_back(state.data());
  if (optimizer.averages()) arenas.push_back(optimizer.average().data());
  return arenas;
}

void Learner::State::synchronise(const RankOrder& order) {
  const std::int64_t size = network->plan().arena_size();
  std::vector<Message> arrays;
  if (order.new_parameters) arrays.push_back({0, network->parameters().data(), size});
  if (order.new_states) {
    for (float* const arena : state_arenas()) arrays.push_back({0, arena, size});
  }
  if (!arrays.empty()) ranks->sum->ranks().broadcast(arrays);
}

void Learner::State::gather_states() { ranks->sum->gather(state_arenas()); }

void Learner::State::find_states() {
  run_queued();
  if (ranks == nullptr) return;
  const std::lock_guard lock(ranks->gathering);
  if (!ranks->states_whole) ranks->run({.task = RankTask::gather_states}, [this] { gather_states(); });
  ranks->states_whole = true;
}

}  // namespace thalweg
