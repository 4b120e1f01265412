#include "host/data/data_files.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <new>

#include "host/checkpoint/files.hpp"
#include "host/config/home_path.hpp"
#include "host/data/readers.hpp"
#include "host/data/shard_data.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

bool exists(const std::string& path) { return path == "-" || path_exists(path); }

/// By name, whatever the language of the machine.
std::vector<std::string> matches_of(const std::string& pattern) {
  if (pattern.find_first_of("*?[") == std::string::npos) return {};
  glob_t found{};
  const int code = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  if (code == GLOB_NOSPACE) throw std::bad_alloc();
  std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const std::string& name : names_in(folder)) {
    const std::string path = join_path(folder, name);
    if (!name.starts_with('.') && has_name_of_data(name) && !is_folder(path)) files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  if (files.empty())
    throw NoInputError(fmt::format(
        "{} is a folder without a file that has a name of data, as .csv or .svm.gz; {}/* names all of them",
        folder, folder));
  return files;
}

/// A set has its own columns, classes and scales, so its rows do not follow those of another.
void require_no_shards(const std::string& setting, const std::string& folder) {
  if (!is_shard_set(folder)) return;
  throw ConfigError(fmt::format(
      "{} names the set of shards {} in a list or by a glob; want the path of one set alone: thalweg convert "
      "makes one set of several files",
      setting, folder));
}

void add_files(const std::string& setting, const std::string& path, std::vector<std::string>& files) {
  const std::vector<std::string> paths = exists(path) ? std::vector{path} : matches_of(path);
  if (paths.empty() && path.find_first_of("*?[") != std::string::npos)
    throw NoInputError(fmt::format("{}: no file matches", path));
  if (paths.empty()) files.push_back(path);
  for (const std::string& one : paths) {
    if (!is_folder(one)) {
      files.push_back(one);
      continue;
    }
    require_no_shards(setting, one);
    const std::vector<std::string> inside = files_in(one);
    files.insert(files.end(), inside.begin(), inside.end());
  }
}

}  // namespace

std::vector<std::string> listed_paths(const std::string& setting) {
  std::vector<std::string> paths;
  if (names_files(setting)) return {setting};
  for (std::size_t at = 0; at <= setting.size();) {
    const std::size_t comma = std::min(setting.find(',', at), setting.size());
    const std::string_view piece = trimmed(std::string_view(setting).substr(at, comma - at));
    if (!piece.empty()) paths.push_back(with_home(std::string(piece)));
    at = comma + 1;
  }
  return paths.empty() ? std::vector{setting} : paths;
}

bool names_files(const std::string& path) { return exists(path) || !matches_of(path).empty(); }

std::vector<std::string> data_files(const std::string& setting) {
  std::vector<std::string> files;
  for (const std::string& path : listed_paths(setting)) add_files(setting, path, files);
  return files;
}

}  // namespace thalweg
