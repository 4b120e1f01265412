#pragma once
// A learner whose steps several ranks take together (docs/ranks.md).
#include <functional>
#include <mutex>

#include "host/step/learner_state.hpp"
#include "host/step/rank_team.hpp"

namespace thalweg {

/// What a learner works on: the model's context, or one with the threads of a rank. `rank`: its end, if it
/// has one already.
Context context_of_rank(const Context& ctx, const LearnerOptions& options,
                        const Communicator* rank = nullptr);

/// Throws ConfigError unless ranks can take the steps.
void require_ranks(const Context& ctx, const Network& network, const Dataset& data,
                   const LearnerOptions& options);

/// A rank of a learner, rank 0 with the others.
struct Learner::State::Ranks {
  /// A rank that follows: it takes the steps of rank 0 on a model of its own.
  struct Follower {
    Model model;
    State state;

    Follower(const Model& leader, const State& state, Communicator& rank);
    void follow(const RankOrder& order);
  };

  Ranks(std::unique_ptr<RankSum> own, bool shares_update)
      : sum(std::move(own)), shares_update(shares_update) {}
  /// Has all ranks do what `order` says: the others follow, and this one, rank 0, does `own`.
  template <class Own>
  void run(const RankOrder& order, const Own& own);
  /// Throws UsageError in the child of a fork.
  void require_here() const;
  /// Runs `change` of what the ranks have while the others wait. If it throws, later calls throw, too: the
  /// ranks may differ.
  void between_orders(const std::function<void()>& change);
  /// Gives the followers the data that rank 0 has now.
  void set_data(const Dataset& data);

  std::unique_ptr<RankSum> sum;  ///< never null
  bool shares_update;            ///< each rank updates its piece of the arena, and has the states of no other
  std::vector<std::unique_ptr<Follower>> followers;
  std::optional<RankTeam> team;             ///< of rank 0; ends before the followers do
  std::optional<std::uint64_t> parameters;  ///< checksum of those that all ranks have; none: they differ
  bool new_states = true;                   ///< rank 0 has states that the others have not seen
  bool states_whole = true;                 ///< rank 0 has those of all pieces
  std::mutex gathering = {};                ///< calls that read a learner may come from several threads
};

}  // namespace thalweg
