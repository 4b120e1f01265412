// Features, labels and weights; where there are features alone, labels are made up for as many rows.
#include "host/data/array_reader.hpp"
#include "tests/fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::view(data + 1, size - 1);
  std::int64_t rows = 0;
  fuzz::only_typed_errors([&] {
    const auto source = open_file(fuzz::as_file(fuzz::pieces_of(bytes, 3)[0]));
    rows = read_idx_header(*source, "input").rows();
  });
  fuzz::read_as_data_and_labels({.format = DataFormat::idx}, data[0], bytes, rows);
  return 0;
}
