// The list of the readers; each is defined in the file that reads its format.
#include "host/data/readers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "host/config/choice.hpp"
#include "host/data/foreign_formats.hpp"
#include "host/data/inflater.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

extern const Reader npy_reader, npz_reader, csv_reader, tsv_reader, libsvm_reader, idx_reader, vw_reader,
    parquet_reader;

namespace {

constexpr const Reader* kReaders[] = {&npy_reader,    &npz_reader, &csv_reader, &tsv_reader,
                                      &libsvm_reader, &idx_reader, &vw_reader,  &parquet_reader};
static_assert(std::size(kReaders) + 1 == kNames<DataFormat>.size(), "each format but auto has a reader");

[[noreturn]] void refuse_binary(const std::string& path) {
  std::vector<std::string> known = names_of<DataFormat>();
  std::erase(known, name_of(DataFormat::automatic));
  throw DataError(fmt::format("{} is binary and of no known format; want {}", path, one_of(known)));
}

}  // namespace

const Reader& reader_of(DataFormat format) {
  for (const Reader* reader : kReaders) {
    if (reader->format == format) return *reader;
  }
  throw InternalError("a data format without a reader");
}

const Reader& find_reader(const std::string& path, std::string_view head) {
  if (head.empty() && path == "-")
    throw DataError("the standard input is empty; want data (a run that goes on reads all of them again)");
  if (head.empty()) throw DataError(fmt::format("{} is empty; want data", path));
  if (!is_parquet(head)) refuse_foreign_bytes(path, head);
  const std::string whole = in_lower_case(path);
  const std::string_view name = without_compression(whole);
  const Reader* surest = nullptr;
  Claim most = Claim::none;
  for (const Reader* reader : kReaders) {
    const Claim claim = reader->claim(head, name);
    if (claim <= most) continue;
    most = claim;
    surest = reader;
  }
  if (surest == nullptr) refuse_binary(path);
  return *surest;
}

bool has_name_of_data(std::string_view path) {
  const std::string name = in_lower_case(path);
  const auto ends = [&](std::string_view ending) { return !ending.empty() && name.ends_with(ending); };
  return without_compression(name).size() < name.size() ||
         std::any_of(std::begin(kReaders), std::end(kReaders), [&](const Reader* reader) {
           return std::any_of(reader->endings.begin(), reader->endings.end(), ends);
         });
}

}  // namespace thalweg
