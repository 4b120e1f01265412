#pragma once
// Parts of the program that are libraries of their own, because they link what few machines have.
#include <functional>
#include <string>

namespace thalweg {

/// The functions of an open plugin.
class PluginFunctions {
 public:
  explicit PluginFunctions(void* library) : library_(library) {}
  /// Null: it has none of that name.
  template <class Function>
  Function* find(const char* name) const {
    return reinterpret_cast<Function*>(address(name));
  }

 private:
  void* address(const char* name) const;

  void* library_;
};

/// Opens the plugin of that file name: in THALWEG_PLUGINS if that is set, else beside the program, beside its
/// build folder, where it was installed, and where the system looks. `take` keeps the functions, or says by
/// false that they are of another version. Returns why there is none; empty: `take` has one.
std::string open_plugin(const std::string& name, const std::function<bool(const PluginFunctions&)>& take);

}  // namespace thalweg
