#pragma once
// Labels or weights in a text file, one per line, with a name in the first line or without.
#include <memory>

#include "host/data/raw_data.hpp"

namespace thalweg {

LabelColumn read_label_text(const ReadRequest& request, const std::string& path,
                            std::unique_ptr<ByteSource> bytes);

}  // namespace thalweg
