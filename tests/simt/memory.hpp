#pragma once
// Device memory: exact sizes, 0xFF fill, never the same address twice, so that a stale pointer is always
// caught; pinned host memory; the list of what is still there.
#include <cstddef>
#include <string>

#include "simt/device.hpp"

namespace simt {

void* allocate_device(std::size_t bytes, Site site);  ///< null when the address space is spent
bool free_device(void* memory);                       ///< false when it is not the start of a live allocation
void* allocate_pinned(std::size_t bytes, Site site);
bool free_pinned(void* memory);

bool is_device(const void* address);
/// Whether [address, address + bytes) lies in one live allocation.
bool holds_device(const void* address, std::size_t bytes);
/// "device memory of N bytes ... at byte K"; "" when the address is not a device address.
std::string describe_device_address(const void* address);

/// While one of these lives, device memory can be touched; at other times a host access is a finding (under
/// the address sanitizer, or with THALWEG_SIMT_HOST_ACCESS=check).
class DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

}  // namespace simt
