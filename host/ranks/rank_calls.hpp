#pragma once
// Calls that processes make together. Each goes to all ranks and begins with a header; every wait has a
// deadline, and a rank that fails tells the others why before it ends.
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/ranks/transfer.hpp"
#include "host/ranks/transport.hpp"
#include "thalweg/names.hpp"

namespace thalweg {

/// What a rank says with each call. All hear the same words, so each decides the same by them.
struct RankWord {
  std::int32_t stop = 0;  ///< not 0: a signal asks it to stop
  std::int32_t save = 0;  ///< not 0: it is asked to save
  double seconds = 0;     ///< since its training began
  std::int64_t step = 0;  ///< that it takes
};

/// How long a rank waits for another.
struct RankPatience {
  std::chrono::milliseconds step;    ///< in a step
  std::chrono::milliseconds around;  ///< where ranks read, save or end
};

/// What ranks do together: all of them the same.
enum class RankCall : std::int32_t { introduction, exchange, gather, broadcast, texts, meeting };
template <>
inline constexpr auto kNames<RankCall> =
    std::to_array<Named<RankCall>>({{RankCall::introduction, "an introduction"},
                                    {RankCall::exchange, "an exchange of sums"},
                                    {RankCall::gather, "a gather"},
                                    {RankCall::broadcast, "a broadcast"},
                                    {RankCall::texts, "a comparison"},
                                    {RankCall::meeting, "a meeting"}});

class RankCalls {
 public:
  /// Meets the others. Throws RankError if one does not come.
  RankCalls(std::unique_ptr<Transport> transport, RankPatience patience);

  int rank() const { return transport_->rank(); }
  int count() const { return transport_->count(); }

  /// The transfers of a pair of ranks are matched in order. Throws RankError, naming the rank, if one does
  /// not come in time, has stopped or makes another call.
  void call(RankCall kind, std::span<const Transfer> sends, std::span<const Transfer> receives);
  /// Says why to the others, once: their calls then throw RankError. Nothing is sent after it.
  void abort(const char* why) noexcept;
  /// The last call: waits until all ranks have made it, then closes. Does nothing after an abort.
  void finish();

  /// Goes with each call from now on.
  void say(const RankWord& word) { word_ = word; }
  /// [count] what each rank has said with the last call.
  const std::vector<RankWord>& heard() const { return heard_; }
  /// "rank 3 (host7)"
  std::string name_of(int rank) const;
  /// Ranks that run on the cores of this one, itself among them.
  int sharers() const { return sharers_; }

 private:
  struct Header {
    char mark[8];
    std::int64_t call;
    RankCall kind;
    std::int32_t unused;
    std::int64_t bytes;  ///< that follow for the receiver
    RankWord word;
  };
  struct LastWord {
    std::int32_t stopped;  ///< 0: the rank has done all that it had to
    char why[508];
  };
  /// A message that is on its way.
  struct Pending {
    std::int64_t message;
    int peer;
    enum { data, header, last_word } kind;
  };
  using Clock = std::chrono::steady_clock;

  void introduce();
  std::chrono::milliseconds patience_for(RankCall kind) const;
  template <class Act>
  auto with(int peer, const Act& act) const;
  void post(std::span<const Transfer> sends, std::span<const Transfer> receives,
            std::vector<Pending>& pending);
  void await(std::vector<Pending>& pending, std::chrono::milliseconds limit);
  bool is_done(const Pending& message);
  void check_header(int peer);
  void require_going(const std::vector<Pending>& pending);
  [[noreturn]] void fail_by(int peer);
  std::string late(const std::vector<Pending>& pending, std::chrono::milliseconds limit) const;
  [[noreturn]] void fail(const std::string& what);
  void send_last_words(std::vector<Pending>& pending);

  std::unique_ptr<Transport> transport_;
  const RankPatience patience_;
  std::vector<std::string> hosts_;  ///< [count]
  int sharers_ = 1;
  RankWord word_;
  std::vector<RankWord> heard_;
  std::int64_t calls_ = 0;
  RankCall kind_ = RankCall::introduction;     ///< of the call that is being made
  std::vector<std::int64_t> wanted_;           ///< [count] bytes that it wants of each rank
  std::vector<Header> own_headers_, headers_;  ///< [count] to and from each rank
  std::vector<LastWord> last_words_;           ///< [count]
  std::vector<Pending> awaited_words_;
  std::vector<int> ended_;  ///< ranks whose last word is here
  LastWord own_last_word_ = {};
  bool left_ = false;
};

}  // namespace thalweg
