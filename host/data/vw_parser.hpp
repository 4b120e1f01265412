#pragma once
// Lines of Vowpal Wabbit: "label importance 'tag |space:scale name:value name |space ...".
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/data/libsvm_merger.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/text_source.hpp"

namespace thalweg {

class VwParser {
 public:
  VwParser(const ReadRequest& request, std::int64_t bits);

  void parse(const TextBlock& block, SvmRows& out) const;

 private:
  using Entries = std::vector<std::pair<std::int32_t, float>>;

  void parse_line(std::string_view line, std::int64_t number, Entries& entries, SvmRows& out) const;
  void parse_head(std::string_view head, std::int64_t line, SvmRows& out) const;
  void add_label(std::string_view label, std::int64_t line, SvmRows& out) const;
  void parse_space(std::string_view text, std::int64_t line, Entries& entries) const;
  float value_of(std::string_view& word, std::int64_t line, float without) const;

  const std::string& source_;
  bool need_target_;
  const std::string& comment_;
  std::int64_t bits_;
  std::size_t most_labels_;  // of a block, whose rows may lie outside the range
};

}  // namespace thalweg
