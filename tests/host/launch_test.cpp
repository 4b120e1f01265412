// What launchers say of the processes that they started, and what a process makes of it.
#include "host/ranks/launch.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "tests/support/files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

Variables environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

/// "VARIABLE count rank"
std::string announced(std::map<std::string, std::string> values) {
  const std::optional<Announced> found = announced_ranks(environment(std::move(values)));
  if (!found) return "nothing";
  return found->variable + " " + std::to_string(found->count) + " " + std::to_string(found->rank);
}

TEST(Launch, EachLauncherAnnouncesItsRanks) {
  EXPECT_EQ(announced({}), "nothing");
  EXPECT_EQ(announced({{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "3"}}),
            "OMPI_COMM_WORLD_SIZE 4 3");
  EXPECT_EQ(announced({{"PMI_SIZE", "2"}, {"PMI_RANK", "1"}}), "PMI_SIZE 2 1");
  EXPECT_EQ(announced({{"SLURM_STEP_NUM_TASKS", "8"}, {"SLURM_PROCID", "5"}, {"PMIX_RANK", "5"}}),
            "SLURM_STEP_NUM_TASKS 8 5");
  EXPECT_EQ(announced({{"PMIX_RANK", "6"}}), "PMIX_RANK 0 6") << "it does not tell how many";
  EXPECT_EQ(announced({{"OMPI_COMM_WORLD_SIZE", "1"}, {"SLURM_STEP_NUM_TASKS", "4"}}),
            "OMPI_COMM_WORLD_SIZE 1 0")
      << "mpirun within a step of Slurm";
  EXPECT_EQ(announced({{"PMI_SIZE", "many"}}), "nothing");
  EXPECT_EQ(announced({{"PMI_SIZE", "4x"}}), "nothing");
}

/// What keeps a process from its ranks; "alone" where it has none.
std::string joined(RankTransport transport, std::map<std::string, std::string> values) {
  try {
    return join_ranks({.transport = transport}, environment(std::move(values))) == nullptr ? "alone"
                                                                                           : "ranks";
  } catch (const DeviceUnavailable& error) {
    return error.what();
  }
}

class Join : public testing::Test {
 protected:
  void SetUp() override { ::setenv("THALWEG_PLUGINS", "/nowhere", 1); }
  void TearDown() override { ::unsetenv("THALWEG_PLUGINS"); }
};

TEST_F(Join, AProcessIsAloneUnlessMoreAreAnnounced) {
  EXPECT_EQ(joined(RankTransport::automatic, {}), "alone");
  EXPECT_EQ(joined(RankTransport::automatic, {{"PMI_SIZE", "1"}}), "alone");
  EXPECT_EQ(joined(RankTransport::none, {{"PMI_SIZE", "4"}}), "alone");
}

TEST_F(Join, RanksWithoutTheModuleAreRefusedWithTheWayToGetIt) {
  EXPECT_EQ(joined(RankTransport::automatic, {{"PMI_SIZE", "4"}}),
            "PMI_SIZE = 4 announces as many ranks, and the module by which ranks talk is missing "
            "(/nowhere/thalweg_mpi.so: cannot open shared object file: No such file or directory): ./run mpi "
            "builds it; "
            "ranks.transport = none makes each process a run of its own");
  EXPECT_NE(joined(RankTransport::automatic, {{"PMIX_RANK", "0"}}).find("PMIX_RANK is set"),
            std::string::npos);
  EXPECT_NE(joined(RankTransport::mpi, {}).find("ranks.transport = mpi, and the module"), std::string::npos);
}

/// The stand-in beside this program says how many there are by STAND_IN_RANKS.
/// As ctest tells it; else beside this program.
std::string folder_of_stand_ins() {
  if (const char* folder = std::getenv("STAND_IN_PLUGINS"); folder != nullptr) return folder;
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "plugins";
}

class JoinByStandIn : public testing::Test {
 protected:
  void SetUp() override { ::setenv("THALWEG_PLUGINS", folder_of_stand_ins().c_str(), 1); }
  void TearDown() override {
    ::unsetenv("THALWEG_PLUGINS");
    ::unsetenv("STAND_IN_RANKS");
  }
};

TEST_F(JoinByStandIn, AnMpiThatKnowsFewerRanksIsRefused) {
  ::setenv("STAND_IN_RANKS", "1", 1);
  const std::string refusal = joined(RankTransport::automatic, {{"SLURM_STEP_NUM_TASKS", "4"}});
  EXPECT_NE(refusal.find("SLURM_STEP_NUM_TASKS = 4 announces as many ranks, but MPI knows 1"),
            std::string::npos)
      << refusal;
  EXPECT_NE(refusal.find("--mpi=pmix"), std::string::npos) << refusal;
}

TEST_F(JoinByStandIn, OneRankOfMpiIsARunOfItsOwn) {
  ::setenv("STAND_IN_RANKS", "1", 1);
  EXPECT_EQ(joined(RankTransport::mpi, {}), "alone");
  EXPECT_EQ(joined(RankTransport::automatic, {{"PMIX_RANK", "0"}}), "alone");
}

TEST_F(JoinByStandIn, AModuleOfAnotherVersionIsRefused) {
  ::setenv("STAND_IN_RANKS", "other version", 1);
  const std::string refusal = joined(RankTransport::mpi, {});
  EXPECT_NE(refusal.find("thalweg_mpi.so is of another version"), std::string::npos) << refusal;
}

TEST_F(JoinByStandIn, WhatMpiReportsIsARanksError) {
  ::setenv("STAND_IN_RANKS", "fails", 1);
  EXPECT_THROW(join_ranks({.transport = RankTransport::mpi}, environment({})), RankError);
}

}  // namespace
}  // namespace thalweg
