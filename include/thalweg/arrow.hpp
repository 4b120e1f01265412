#pragma once
// Tables of other libraries (pyarrow, pandas, Polars, DuckDB, ...) through the Arrow C stream interface
// (https://arrow.apache.org/docs/format/CStreamInterface.html). It needs no library: the three structs are
// all of it. Example: arrow_example in examples/tour.cpp.
#include <cstdint>
#include <string>

#include "thalweg/api.hpp"
#include "thalweg/prepare.hpp"

// As the specification gives them; a program that has them already keeps its own.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
extern "C" {
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  ArrowSchema** children;
  ArrowSchema* dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  ArrowArray** children;
  ArrowArray* dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};
}
#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
extern "C" {
struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream*, ArrowSchema*);
  int (*get_next)(ArrowArrayStream*, ArrowArray*);
  const char* (*get_last_error)(ArrowArrayStream*);
  void (*release)(ArrowArrayStream*);
  void* private_data;
};
}
#endif

namespace thalweg {

/// Reads a stream of record batches to its end and releases it, also when it throws. Numbers, booleans (0,
/// 1), decimals of 128 bits, strings and dictionaries of them become columns; a null is a missing value.
/// `source` names the table in messages. Throws DataError naming the column and its type for one that is
/// nested, binary or a time, and for a stream that ends in an error.
THALWEG_API RawTable read_arrow(ArrowArrayStream* stream, const std::string& source = "");

}  // namespace thalweg
