// Streams, events, graphs, copies and launches. Work is done at once, in the order it is issued; while a
// stream is captured it goes into the graph instead.
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "device.hpp"
#include "grid.hpp"
#include "memory.hpp"
#include "nvtx3/nvToolsExt.h"
#include "recorded.hpp"
#include "report.hpp"
#include "state.hpp"

namespace {

struct Node {
  simt::Kernel kernel;  ///< null for copies and fills
  std::function<cudaError_t()> run;
};

}  // namespace

struct CUgraph_st {
  std::vector<Node> nodes;
};
struct CUgraphExec_st {
  std::vector<Node> nodes;
};
struct CUstream_st {
  const int device = simt::selected_device();
  CUgraph_st* capture = nullptr;
  bool began_capture = false;
};
struct CUevent_st {
  bool timed = true, recorded = false;
  std::chrono::steady_clock::time_point time;
  CUgraph_st* capture = nullptr;  ///< recorded in this capture
};

namespace {

using simt::failed;

/// Handles that are alive, so that a stale one is an error and not a crash.
struct Handles {
  std::mutex mutex;
  std::set<CUstream_st*> streams;
  std::set<CUevent_st*> events;
};
Handles& handles() {
  static auto* const all = new Handles;
  return *all;
}

bool valid(cudaStream_t stream) {
  if (stream == nullptr) return true;
  const std::lock_guard lock(handles().mutex);
  return handles().streams.contains(stream);
}
/// Copies may go into a stream of another device than the selected one, kernels may not.
bool takes_kernels(cudaStream_t stream) {
  return stream == nullptr || stream->device == simt::selected_device();
}
bool valid(cudaEvent_t event) {
  const std::lock_guard lock(handles().mutex);
  return handles().events.contains(event);
}

using simt::allocation_fails;
using simt::any_capture;
using simt::Calls;
using simt::count;
using simt::issue;

bool range_fits(const void* address, std::size_t bytes, bool on_device) {
  if (simt::is_device(address) != on_device) return false;
  return !on_device || simt::holds_device(address, bytes);
}

cudaError_t copy_now(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (bytes == 0) return cudaSuccess;
  bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (kind == cudaMemcpyDefault) {
    to_device = simt::is_device(to);
    from_device = simt::is_device(from);
  }
  if (!range_fits(to, bytes, to_device) || !range_fits(from, bytes, from_device))
    return cudaErrorInvalidValue;
  const simt::DeviceAccess access;
  std::memmove(to, from, bytes);
  return cudaSuccess;
}

cudaError_t fill_now(void* to, int value, std::size_t bytes) {
  if (bytes == 0) return cudaSuccess;
  if (!range_fits(to, bytes, true)) return cudaErrorInvalidValue;
  const simt::DeviceAccess access;
  std::memset(to, value, bytes);
  return cudaSuccess;
}

thread_local std::vector<std::string> ranges;

std::mutex calls_mutex;
std::int64_t until_failure = 0;  // allocations; guarded by calls_mutex too
bool all_after_fail = false;
simt::Calls calls_so_far;

/// What a GPU of the chosen architecture would refuse.
cudaError_t check_shape(const simt::Launch& launch, simt::Kernel kernel, bool clustered) {
  const dim3 grid = launch.grid, block = launch.threads, cluster = launch.cluster;
  const auto zero = [](dim3 d) { return d.x == 0 || d.y == 0 || d.z == 0; };
  if (zero(grid) || zero(block) || zero(cluster)) return cudaErrorInvalidConfiguration;
  if (grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535) return cudaErrorInvalidConfiguration;
  if (block.x > 1024 || block.y > 1024 || block.z > 64) return cudaErrorInvalidConfiguration;
  if (block.x * block.y * block.z > 1024) return cudaErrorInvalidConfiguration;
  if (launch.dynamic_shared > simt::dynamic_limit(kernel)) return cudaErrorInvalidValue;
  if (clustered) {
    if (simt::gpu().sm < 90) return cudaErrorNotSupported;
    if (cluster.x * cluster.y * cluster.z > 8) return cudaErrorInvalidConfiguration;
    if (grid.x % cluster.x != 0 || grid.y % cluster.y != 0 || grid.z % cluster.z != 0)
      return cudaErrorInvalidConfiguration;
  }
  if (launch.cooperative) {
    int per_sm = 0;
    simt::occupancy(&per_sm, static_cast<int>(block.x * block.y * block.z), launch.dynamic_shared);
    const std::uint64_t blocks = std::uint64_t{grid.x} * grid.y * grid.z;
    if (blocks > static_cast<std::uint64_t>(per_sm) * static_cast<std::uint64_t>(simt::gpu().multiprocessors))
      return cudaErrorCooperativeLaunchTooLarge;
  }
  return cudaSuccess;
}

}  // namespace

namespace simt {

cudaError_t issue(cudaStream_t stream, Kernel kernel, std::function<cudaError_t()> run) {
  if (!valid(stream) || (kernel != nullptr && !takes_kernels(stream)))
    return failed(cudaErrorInvalidResourceHandle);
  if (stream == nullptr || stream->capture == nullptr) {
    if (kernel != nullptr) count(&Calls::launches);
    return failed(run());
  }
  stream->capture->nodes.push_back({kernel, std::move(run)});
  return cudaSuccess;
}

void count(std::int64_t Calls::*which, std::int64_t by) {
  const std::lock_guard lock(calls_mutex);
  calls_so_far.*which += by;
}
bool allocation_fails() {
  const std::lock_guard lock(calls_mutex);
  if (until_failure == 0) return false;
  if (until_failure > 1) return --until_failure, false;
  if (!all_after_fail) until_failure = 0;
  return true;
}
void fail_allocation(std::int64_t number, bool all_after) {
  const std::lock_guard lock(calls_mutex);
  until_failure = number;
  all_after_fail = all_after;
}
Calls calls() {
  const std::lock_guard lock(calls_mutex);
  return calls_so_far;
}

bool any_capture() {
  const std::lock_guard lock(handles().mutex);
  for (const CUstream_st* stream : handles().streams)
    if (stream->capture != nullptr) return true;
  return false;
}

cudaError_t launch(const cudaLaunchConfig_t& config, Kernel kernel, std::function<void()> body, Site site) {
  auto work = std::make_shared<Launch>();
  work->kernel = ranges.empty() ? "unnamed" : ranges.back();
  work->grid = config.gridDim;
  work->threads = config.blockDim;
  work->dynamic_shared = config.dynamicSmemBytes;
  work->shared_limit =
      std::max(kSharedWithoutAsking, config.dynamicSmemBytes > 0 ? gpu().shared_per_block : 0);
  work->body = std::move(body);
  work->site = site;
  bool clustered = false;
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const cudaLaunchAttribute& attribute = config.attrs[i];
    if (attribute.id == cudaLaunchAttributeCooperative) work->cooperative = attribute.val.cooperative != 0;
    if (attribute.id == cudaLaunchAttributeClusterDimension) {
      work->cluster =
          dim3(attribute.val.clusterDim.x, attribute.val.clusterDim.y, attribute.val.clusterDim.z);
      clustered = true;
    }
  }
  if (const cudaError_t error = check_shape(*work, kernel, clustered); error != cudaSuccess)
    return failed(error);
  if (written_down(*work, kernel)) return cudaSuccess;
  return issue(config.stream, kernel, [work] {
    run_grid(*work);
    return cudaSuccess;
  });
}

}  // namespace simt

int nvtxRangePushA(const char* name) {
  ranges.emplace_back(name);
  return static_cast<int>(ranges.size()) - 1;
}
int nvtxRangePop() {
  ranges.pop_back();
  return static_cast<int>(ranges.size());
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, 0); }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  if (flags > cudaStreamNonBlocking) return failed(cudaErrorInvalidValue);
  *stream = new CUstream_st;
  const std::lock_guard lock(handles().mutex);
  handles().streams.insert(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(handles().mutex);
  if (handles().streams.erase(stream) == 0) return failed(cudaErrorInvalidResourceHandle);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaStreamSynchronize(stream); }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  count(&Calls::synchronizations);
  if (!valid(stream)) return failed(cudaErrorInvalidResourceHandle);
  if (stream != nullptr && stream->capture != nullptr) return failed(cudaErrorStreamCaptureUnsupported);
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (!valid(stream) || !valid(event)) return failed(cudaErrorInvalidResourceHandle);
  if (stream != nullptr && event->capture != nullptr) stream->capture = event->capture;
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, 0); }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new CUevent_st;
  (*event)->timed = (flags & cudaEventDisableTiming) == 0;
  const std::lock_guard lock(handles().mutex);
  handles().events.insert(*event);
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const std::lock_guard lock(handles().mutex);
  if (handles().events.erase(event) == 0) return failed(cudaErrorInvalidResourceHandle);
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (!valid(stream) || !valid(event)) return failed(cudaErrorInvalidResourceHandle);
  event->capture = stream != nullptr ? stream->capture : nullptr;
  event->recorded = true;
  event->time = std::chrono::steady_clock::now();
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  count(&Calls::synchronizations);
  return valid(event) ? cudaSuccess : failed(cudaErrorInvalidResourceHandle);
}
cudaError_t cudaEventQuery(cudaEvent_t event) { return cudaEventSynchronize(event); }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  if (!valid(begin) || !valid(end)) return failed(cudaErrorInvalidResourceHandle);
  if (!begin->timed || !end->timed || !begin->recorded || !end->recorded)
    return failed(cudaErrorInvalidResourceHandle);
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes, simt::Site site) {
  if (allocation_fails()) return failed(cudaErrorMemoryAllocation);
  count(&Calls::allocations);
  if (any_capture()) return failed(cudaErrorStreamCaptureUnsupported);
  *memory = bytes > 0 ? simt::allocate_device(bytes, site) : nullptr;
  return bytes > 0 && *memory == nullptr ? failed(cudaErrorMemoryAllocation) : cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  if (memory == nullptr) return cudaSuccess;
  count(&Calls::frees);
  return simt::free_device(memory) ? cudaSuccess : failed(cudaErrorInvalidValue);
}
cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t stream, simt::Site site) {
  if (!valid(stream)) return failed(cudaErrorInvalidResourceHandle);
  return cudaMalloc(memory, bytes, site);
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  if (!valid(stream)) return failed(cudaErrorInvalidResourceHandle);
  return cudaFree(memory);
}
cudaError_t cudaMallocHost(void** memory, std::size_t bytes, simt::Site site) {
  if (allocation_fails()) return failed(cudaErrorMemoryAllocation);
  count(&Calls::allocations);
  *memory = simt::allocate_pinned(bytes, site);
  return *memory == nullptr ? failed(cudaErrorMemoryAllocation) : cudaSuccess;
}
cudaError_t cudaFreeHost(void* memory) {
  count(&Calls::frees);
  return memory == nullptr || simt::free_pinned(memory) ? cudaSuccess : failed(cudaErrorInvalidValue);
}
cudaError_t cudaMemGetInfo(std::size_t* available, std::size_t* total) {
  *total = simt::memory_bytes();
  const auto used = static_cast<std::size_t>(simt::device_bytes());
  *available = *total > used ? *total - used : 0;
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (any_capture()) return failed(cudaErrorStreamCaptureUnsupported);
  count(&Calls::synchronizations);
  return failed(copy_now(to, from, bytes, kind));
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  if (stream == nullptr || (valid(stream) && stream->capture == nullptr)) {
    const bool up = kind == cudaMemcpyHostToDevice, down = kind == cudaMemcpyDeviceToHost;
    if (up || down) count(up ? &Calls::uploads : &Calls::downloads);
    if (up || down)
      count(up ? &Calls::uploaded_bytes : &Calls::downloaded_bytes, static_cast<std::int64_t>(bytes));
  }
  return issue(stream, nullptr, [=] { return copy_now(to, from, bytes, kind); });
}
cudaError_t cudaMemset(void* to, int value, std::size_t bytes) { return failed(fill_now(to, value, bytes)); }
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  return issue(stream, nullptr, [=] { return fill_now(to, value, bytes); });
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream == nullptr) return failed(cudaErrorStreamCaptureUnsupported);
  if (!valid(stream)) return failed(cudaErrorInvalidResourceHandle);
  if (stream->capture != nullptr) return failed(cudaErrorIllegalState);
  count(&Calls::captures);
  stream->capture = new CUgraph_st;
  stream->began_capture = true;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (stream == nullptr || !valid(stream)) return failed(cudaErrorInvalidResourceHandle);
  if (!stream->began_capture) return failed(cudaErrorIllegalState);
  *graph = stream->capture;
  stream->began_capture = false;
  const std::lock_guard lock(handles().mutex);
  for (CUstream_st* joined : handles().streams)
    if (joined->capture == *graph) joined->capture = nullptr;
  for (CUevent_st* event : handles().events)
    if (event->capture == *graph) event->capture = nullptr;
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  if (!valid(stream)) return failed(cudaErrorInvalidResourceHandle);
  const bool active = stream != nullptr && stream->capture != nullptr;
  *status = active ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, void* nodes, std::size_t* count) {
  if (nodes != nullptr) return failed(cudaErrorNotSupported);
  *count = graph->nodes.size();
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new CUgraphExec_st{graph->nodes};
  return cudaSuccess;
}
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph,
                                cudaGraphExecUpdateResultInfo* info) {
  info->result = cudaGraphExecUpdateSuccess;
  if (executable->nodes.size() != graph->nodes.size()) {
    info->result = cudaGraphExecUpdateErrorTopologyChanged;
  } else {
    for (std::size_t i = 0; i < graph->nodes.size(); ++i)
      if (executable->nodes[i].kernel != graph->nodes[i].kernel)
        info->result = cudaGraphExecUpdateErrorFunctionChanged;
  }
  if (info->result != cudaGraphExecUpdateSuccess) return failed(cudaErrorGraphExecUpdateFailure);
  executable->nodes = graph->nodes;
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  count(&Calls::graph_launches);
  if (!valid(stream)) return failed(cudaErrorInvalidResourceHandle);
  if (stream != nullptr && stream->capture != nullptr) return failed(cudaErrorStreamCaptureUnsupported);
  count(&Calls::graph_nodes, static_cast<std::int64_t>(executable->nodes.size()));
  for (const Node& node : executable->nodes)
    if (const cudaError_t error = node.run(); error != cudaSuccess) return failed(error);
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
