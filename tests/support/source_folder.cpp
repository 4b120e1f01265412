#include "tests/support/source_folder.hpp"

namespace thalweg::test {

std::string source_folder() { return THALWEG_SOURCE_DIR "/"; }

}  // namespace thalweg::test
