#pragma once
// Arrays of texts as features: a table of text cells.
#include "host/data/array_reader.hpp"

namespace thalweg {

/// Rows of the request's range into `data`. A column whose texts are all numbers holds numbers, another one
/// categories; with a model its columns decide. Empty texts and those of data.missing are missing.
void read_string_features(ByteSource& source, const ArrayHeader& header, const ReadRequest& request,
                          RawData& data);

/// The text of an element, as UTF-8. A string of numpy ends where nothing but zeros follows.
std::string string_at(const ArrayHeader& header, const char* bytes);

}  // namespace thalweg
