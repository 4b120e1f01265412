#include "host/data/parquet_plugin.hpp"

#include <fmt/format.h>

#include <mutex>

#include "host/runtime/plugin.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr const char* kName = "libthalweg_parquet.so";
constexpr int kVersion = 1;

struct Plugin {
  const char* (*open)(const char* path, ArrowArrayStream* stream) = nullptr;
  std::string problem;  ///< why there is none
};

Plugin load() {
  Plugin plugin;
  plugin.problem = open_plugin(kName, [&](const PluginFunctions& functions) {
    const auto version = functions.find<int()>("thalweg_parquet_version");
    const auto open = functions.find<const char*(const char*, ArrowArrayStream*)>("thalweg_parquet_open");
    if (version == nullptr || open == nullptr || version() != kVersion) return false;
    plugin.open = open;
    return true;
  });
  return plugin;
}

/// One that was missing may be there the next time.
Plugin loaded() {
  static std::mutex mutex;
  static Plugin plugin;
  const std::lock_guard lock(mutex);
  if (plugin.open == nullptr) plugin = load();
  return plugin;
}

}  // namespace

void open_parquet(const std::string& path, ArrowArrayStream& stream) {
  const Plugin plugin = loaded();
  if (plugin.open == nullptr)
    throw DataError(
        fmt::format("{} is a Parquet file, and the plugin that reads them is missing ({}): ./run "
                    "parquet builds it, or write its table as CSV or npz",
                    path, plugin.problem));
  if (const char* const problem = plugin.open(path.c_str(), &stream); problem != nullptr)
    throw DataError(fmt::format("{} is damaged or not a Parquet file: {}", path, problem));
}

}  // namespace thalweg
