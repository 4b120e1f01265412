// The first byte picks the settings of all formats, the second those of CSV.
#include "tests/fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  if (size < 2) return 0;
  const unsigned choice = data[1];
  DataConfig config{.format = DataFormat::csv};
  config.delimiter = (const Delimiter[]){Delimiter::automatic, Delimiter::comma, Delimiter::space,
                                         Delimiter::tab}[choice & 3];
  config.target = (const char* const[]){"", "0", "-2", "y"}[choice >> 2 & 3];
  config.weight = (const char* const[]){"", "", "1", "w"}[choice >> 4 & 3];
  if ((choice & 64) != 0) config.ignore = {"2"};
  if ((choice & 128) != 0) {
    config.decimal = Decimal::comma;
    config.thousands = Thousands::point;
    config.comment = "#";
    config.missing = {"-", "-9"};
    config.id = "0";
    config.categorical = {"1"};
  }
  if ((choice & 192) == 192) {
    config.id = "";
    config.hash_bits = 6;
    config.crosses = {"0*1"};
  }
  fuzz::read_as_data(config, data[0], fuzz::view(data + 2, size - 2));
  return 0;
}
