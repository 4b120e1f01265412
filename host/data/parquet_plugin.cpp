#include "host/data/parquet_plugin.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "host/checkpoint/files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr const char* kName = "libthalweg_parquet.so";
constexpr int kVersion = 1;

std::string folder_of_program() {
  char path[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  return length > 0 ? parent_of(std::string(path, static_cast<std::size_t>(length))) : ".";
}

/// Where it may lie: what the user says, beside the program, beside its build folder, where it was installed,
/// and where the system looks.
std::vector<std::string> candidates() {
  if (const char* folder = std::getenv("THALWEG_PLUGINS"); folder != nullptr && *folder != '\0')
    return {join_path(folder, kName)};
  const std::string program = folder_of_program();
  return {join_path(program, kName), join_path(program + "/../plugins", kName),
          join_path(program + "/../lib/thalweg", kName), kName};
}

struct Plugin {
  const char* (*open)(const char* path, ArrowArrayStream* stream) = nullptr;
  std::string problem;  ///< why there is none
};

Plugin load_from(const std::string& path) {
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return {nullptr, ::dlerror()};
  const auto version = reinterpret_cast<int (*)()>(::dlsym(library, "thalweg_parquet_version"));
  const auto open = reinterpret_cast<decltype(Plugin::open)>(::dlsym(library, "thalweg_parquet_open"));
  if (version == nullptr || open == nullptr || version() != kVersion)
    return {nullptr, fmt::format("{} is of another version", path)};
  return {open, ""};
}

/// The first that loads. Of those that do not, the problem of one that is there tells more.
Plugin load() {
  Plugin missing;
  for (const std::string& path : candidates()) {
    Plugin plugin = load_from(path);
    if (plugin.open != nullptr) return plugin;
    if (missing.problem.empty() || path_exists(path)) missing = std::move(plugin);
  }
  return missing;
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
