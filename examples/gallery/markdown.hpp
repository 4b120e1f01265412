#pragma once
// The gallery as files.
#include <string>
#include <utility>
#include <vector>

#include "examples/gallery/pages.hpp"

namespace thalweg::gallery {

/// All files of docs/gallery by their names: each page, its plots, and the README.md that lists the pages.
std::vector<std::pair<std::string, std::string>> gallery_files();

}  // namespace thalweg::gallery
