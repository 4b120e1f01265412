// Has the functions of plugins/parquet and gives the tables that parquet_test asks for, so that loading the
// plugin and reading its rows are tested without Arrow. A "Parquet" file is its mark, a line that names the
// columns and lines of numbers; a line "batch" begins another batch; the word "broken" stands for damage. A
// column whose name ends in "@FORMAT" says that it has this Arrow type.
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/arrow_by_hand.hpp"

namespace {

thalweg::ArrowByHand column_of(const std::string& name, const std::vector<double>& cells) {
  const std::size_t at = name.find('@');
  return thalweg::arrow_numbers(name.substr(0, at), at == std::string::npos ? "g" : name.substr(at + 1),
                                cells);
}

/// Up to the next batch.
std::vector<thalweg::ArrowByHand> table_of(const std::vector<std::string>& names, std::istream& lines) {
  std::string line, word;
  std::vector<std::vector<double>> columns(names.size());
  while (std::getline(lines, line) && line != "batch") {
    std::istringstream words(line);
    for (auto& column : columns) words >> word, column.push_back(std::stod(word));
  }
  std::vector<thalweg::ArrowByHand> table;
  for (std::size_t c = 0; c < names.size(); ++c) table.push_back(column_of(names[c], columns[c]));
  return table;
}

std::vector<std::vector<thalweg::ArrowByHand>> batches_of(std::istream& lines) {
  std::string line, word;
  std::getline(lines, line);  // the mark
  std::getline(lines, line);
  std::vector<std::string> names;
  for (std::istringstream words(line); words >> word;) names.push_back(word);
  std::vector<std::vector<thalweg::ArrowByHand>> batches;
  do batches.push_back(table_of(names, lines));
  while (lines);
  return batches;
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] int thalweg_parquet_version() { return 1; }

[[gnu::visibility("default")]] const char* thalweg_parquet_open(const char* path, ArrowArrayStream* stream) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (bytes.str().find("broken") != std::string::npos) return "Couldn't deserialize thrift";
  std::istringstream lines(bytes.str());
  auto* const by_hand = new thalweg::ArrowStreamByHand(batches_of(lines));
  *stream = by_hand->stream;
  stream->release = [](ArrowArrayStream* s) {
    delete static_cast<thalweg::ArrowStreamByHand*>(s->private_data);
    s->release = nullptr;
  };
  return nullptr;
}
}
