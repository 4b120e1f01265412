// The module thalweg_mpi.so as a transport.
#include <fmt/format.h>

#include "host/ranks/mpi_interface.h"
#include "host/ranks/transport.hpp"
#include "host/runtime/plugin.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr const char* kName = "thalweg_mpi.so";

void require_success(const char* problem) {
  if (problem != nullptr) throw RankError(problem);
}

class MpiTransport final : public Transport {
 public:
  explicit MpiTransport(const ThalwegMpi& mpi) : mpi_(mpi) { require_success(mpi_.open(&rank_, &count_)); }

  int rank() const override { return rank_; }
  int count() const override { return count_; }
  std::int64_t longest() const override { return std::int64_t{1} << 30; }
  std::int64_t send(int peer, int tag, const void* data, std::int64_t bytes) override {
    std::int64_t message = 0;
    require_success(mpi_.send(peer, tag, data, bytes, &message));
    return message;
  }
  std::int64_t receive(int peer, int tag, void* data, std::int64_t bytes) override {
    std::int64_t message = 0;
    require_success(mpi_.receive(peer, tag, data, bytes, &message));
    return message;
  }
  bool test(std::int64_t message) override {
    std::int32_t done = 0;
    require_success(mpi_.test(message, &done));
    return done != 0;
  }
  void close() override { require_success(mpi_.close()); }

 private:
  const ThalwegMpi& mpi_;
  std::int32_t rank_ = 0, count_ = 0;
};

}  // namespace

std::unique_ptr<Transport> open_mpi(const char* who) {
  const ThalwegMpi* mpi = nullptr;
  const std::string problem = open_plugin(kName, [&](const PluginFunctions& functions) {
    const auto table = functions.find<const ThalwegMpi*()>("thalweg_mpi");
    if (table == nullptr || table()->version != kThalwegMpiVersion) return false;
    mpi = table();
    return true;
  });
  if (mpi == nullptr)
    throw DeviceUnavailable(
        fmt::format("{}, and the module by which ranks talk is missing ({}): ./run mpi builds it; "
                    "ranks.transport = none makes each process a run of its own",
                    who, problem));
  return std::make_unique<MpiTransport>(*mpi);
}

}  // namespace thalweg
