#pragma once

#include <string>

namespace thalweg::test {

/// The folder of the project's sources, with a slash at its end.
std::string source_folder();

}  // namespace thalweg::test
