#pragma once
// Arrays of numbers or texts in binary files (npy, npz, IDX): one header type and one reader for their
// elements.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/data/byte_source.hpp"
#include "host/data/cell_rules.hpp"
#include "host/data/raw_data.hpp"

namespace thalweg {

struct ArrayHeader {
  char kind = 'f';  ///< f float, i signed, u unsigned, b bool, U UTF-32, S bytes of text
  int size = 4;     ///< bytes of an element
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::int64_t bytes = 0;  ///< size of the header

  std::int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
  std::int64_t width() const;  ///< elements of a row; the readers check that it does not overflow
  bool is_text() const { return kind == 'U' || kind == 'S'; }
  std::string type_name() const;  ///< "float32", "uint8 (big-endian)"
};

/// Reads the header of a npy array (versions 1, 2, 3); `name` is for messages.
ArrayHeader read_npy_header(ByteSource& source, const std::string& name);
/// Reads the header of an IDX file.
ArrayHeader read_idx_header(ByteSource& source, const std::string& name);

/// Exactly `size` bytes; throws DataError where the source ends before.
std::string read_header_bytes(ByteSource& source, std::int64_t size, const std::string& name);

/// Throws DataError if the source cannot hold what the header claims.
void check_claim(const ArrayHeader& header, const ByteSource& source, const std::string& name);

/// Reads labels and weights into data whose number of rows is known.
using ReadBeside = std::function<void(RawData&)>;

/// The array `name`, and what lies beside it. Where request.takers.rows is one, rows in C order go there,
/// behind their labels and weights where request.takers.companions is one: then the rows are not among what
/// is returned.
RawData read_array(ByteSource& source, const ArrayHeader& header, const ReadRequest& request,
                   const std::string& name, const ReadBeside& beside);
/// Gives request.takers.companions the labels and weights of `rows` rows that follow `data`.
void give_companions(const ReadRequest& request, std::int64_t rows, const ReadBeside& beside,
                     const RawData& data);

/// Rows of features into `data`: uint8 as it is, all else as float32. C order results, native endianness.
void read_feature_array(ByteSource& source, const ArrayHeader& header, const ReadRequest& request,
                        RawData& data);

/// read_array of the file request.path, whose header was read, with files of labels and weights.
RawData read_array_file(ByteSource& source, const ArrayHeader& header, const ReadRequest& request);

/// One number or text per row; a text of `missing` is an error.
LabelColumn read_label_array(ByteSource& source, const ArrayHeader& header, const RowRange& range,
                             const std::string& name, const MissingTexts& missing);

}  // namespace thalweg
