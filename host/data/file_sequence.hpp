#pragma once
// The rows of several files as those of one.
#include <cstdint>
#include <functional>
#include <memory>

#include "host/data/readers.hpp"

namespace thalweg {

/// Notes that the rows of request.path come next; `seen` rows of the sequence lie before it, taken or not.
void begin_file(const ReadRequest& request, std::int64_t seen, RawData& data);

/// Calls read(part, source) for each further file of the request, whose path `part` has, until it returns
/// false: no more rows are wanted. Throws DataError for a file that is empty or, with a text format, binary.
void read_further_files(
    const Reader& reader, const ReadRequest& request,
    const std::function<bool(const ReadRequest& part, std::unique_ptr<ByteSource> source)>& read);

}  // namespace thalweg
