#pragma once
// The files that a setting of data names: one, several by commas, a glob, or a folder.
#include <string>
#include <vector>

namespace thalweg {

/// The pieces between the commas of a list; a file whose own name has a comma is one.
std::vector<std::string> listed_paths(const std::string& setting);

/// Whether there is something at the path, or something that matches it as a glob.
bool names_files(const std::string& path);

/// In the order of the list; the files of a glob or a folder in the order of their names. A folder's files
/// are those that have a name of data and do not begin with a point. Throws NoInputError where a glob or
/// folder has none, ConfigError for a set of shards among them. A path of nothing stays as it is: whoever
/// opens it says so.
std::vector<std::string> data_files(const std::string& setting);

}  // namespace thalweg
