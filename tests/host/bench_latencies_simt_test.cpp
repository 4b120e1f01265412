// What the latencies of a GPU are taken over, from the executor's counts of calls: as often as they say.
#include <gtest/gtest.h>
#include <simt/calls.hpp>

#include <map>
#include <string>

#include "host/bench/device_limits.hpp"
#include "tests/support/backends.hpp"

namespace thalweg::bench {
namespace {

using Count = std::int64_t simt::Calls::*;

TEST(DeviceLatencies, DoAsOftenAsTheySayWhatTheyAreNamedAfter) {
  const std::map<std::string, Count> counted{{"launch", &simt::Calls::launches},
                                             {"launch_and_wait", &simt::Calls::launches},
                                             {"graph", &simt::Calls::graph_launches},
                                             {"graph_node", &simt::Calls::graph_nodes},
                                             {"small_copy", &simt::Calls::graph_nodes}};
  std::size_t found = 0;
  for (const DeviceLatency& latency : device_latencies(test::context_of("cuda"), 1 << 16)) {
    const simt::Calls before = simt::calls();
    latency.limit->rate();
    const simt::Calls after = simt::calls();
    if (latency.name == "launch_and_wait")
      EXPECT_GE(static_cast<double>(after.synchronizations - before.synchronizations),
                latency.limit->amount());
    if (!counted.contains(latency.name)) continue;
    const Count count = counted.at(latency.name);
    EXPECT_EQ(static_cast<double>(after.*count - before.*count), latency.limit->amount()) << latency.name;
    ++found;
  }
  EXPECT_EQ(found, counted.size());
}

TEST(DeviceLatencies, OfOthersAreOneLaunch) {
  for (const DeviceLatency& latency : device_latencies(test::context_of("cuda"), 1 << 16)) {
    if (latency.name != "grid_barrier" && !latency.name.starts_with("latency.")) continue;
    const std::int64_t before = simt::calls().launches;
    latency.limit->rate();
    EXPECT_EQ(simt::calls().launches - before, 1) << latency.name;
  }
}

}  // namespace
}  // namespace thalweg::bench
