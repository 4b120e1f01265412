#include "simt/recorded.hpp"

#include <mutex>
#include <utility>

#include "recorded.hpp"

namespace simt {
namespace {

std::mutex mutex;
bool recording = false;
std::vector<RecordedLaunch> recorded;

}  // namespace

void record_launches(bool on) {
  const std::lock_guard lock(mutex);
  recording = on;
}

std::vector<RecordedLaunch> take_recorded_launches() {
  const std::lock_guard lock(mutex);
  return std::exchange(recorded, {});
}

bool written_down(const Launch& launch, Kernel kernel) {
  const std::lock_guard lock(mutex);
  if (!recording) return false;
  recorded.push_back(
      {kernel, launch.kernel, launch.grid, launch.threads, launch.dynamic_shared, launch.cooperative});
  return true;
}

}  // namespace simt
