#include "host/runtime/plugin.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <vector>

#include "host/checkpoint/files.hpp"

namespace thalweg {
namespace {

using Take = std::function<bool(const PluginFunctions&)>;

std::string folder_of_program() {
  char path[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  return length > 0 ? parent_of(std::string(path, static_cast<std::size_t>(length))) : ".";
}

std::vector<std::string> candidates(const std::string& name) {
  if (const char* folder = std::getenv("THALWEG_PLUGINS"); folder != nullptr && *folder != '\0')
    return {join_path(folder, name)};
  const std::string program = folder_of_program();
  return {join_path(program, name), join_path(program + "/../plugins", name),
          join_path(program + "/../lib/thalweg", name), name};
}

std::string open_at(const std::string& path, const Take& take) {
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return ::dlerror();
  return take(PluginFunctions(library)) ? "" : fmt::format("{} is of another version", path);
}

}  // namespace

void* PluginFunctions::address(const char* name) const { return ::dlsym(library_, name); }

/// Of those that do not open, the problem of one that is there tells more.
std::string open_plugin(const std::string& name, const Take& take) {
  std::string problem;
  for (const std::string& path : candidates(name)) {
    std::string of_this = open_at(path, take);
    if (of_this.empty()) return of_this;
    if (problem.empty() || path_exists(path)) problem = std::move(of_this);
  }
  return problem;
}

}  // namespace thalweg
