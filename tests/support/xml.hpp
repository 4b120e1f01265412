#pragma once
// Whether a text is well-formed XML, as far as pages and charts need it: no entities of its own, no CDATA, no
// comments, no processing instructions.
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::test {

/// Where the text ends to be well-formed, and why; empty: it is.
class XmlCheck {
 public:
  explicit XmlCheck(std::string_view text) : rest_(text) {}

  std::string problem() {
    constexpr std::string_view kDoctype = "<!DOCTYPE html>";
    if (rest_.starts_with(kDoctype)) rest_.remove_prefix(kDoctype.size());
    while (problem_.empty() && !rest_.empty()) {
      if (rest_[0] == '<') {
        tag();
      } else if (rest_[0] == '&') {
        entity();
      } else {
        if (open_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])) == 0) fail("text outside");
        character();
      }
    }
    if (problem_.empty() && !open_.empty()) fail("no end of " + open_.back());
    if (problem_.empty() && elements_ == 0) fail("no element");
    return problem_;
  }

 private:
  void fail(const std::string& why) {
    if (problem_.empty()) problem_ = why + " at: " + std::string(rest_.substr(0, 60));
  }
  void character() {
    const auto byte = static_cast<unsigned char>(rest_[0]);
    if (byte < 0x20 && byte != '\n' && byte != '\t') fail("control character");
    rest_.remove_prefix(1);
  }
  void entity() {
    for (const std::string_view known : {"&amp;", "&lt;", "&gt;", "&quot;"}) {
      if (!rest_.starts_with(known)) continue;
      rest_.remove_prefix(known.size());
      return;
    }
    fail("entity");
  }
  std::string name() {
    std::string result;
    while (!rest_.empty() &&
           (std::isalnum(static_cast<unsigned char>(rest_[0])) != 0 || rest_[0] == '-' || rest_[0] == ':')) {
      result += rest_[0];
      rest_.remove_prefix(1);
    }
    if (result.empty()) fail("no name");
    return result;
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void blanks() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])) != 0) rest_.remove_prefix(1);
  }
  void tag() {
    take('<');
    if (take('/')) {
      const std::string closed = name();
      if (open_.empty() || open_.back() != closed) return fail("end of " + closed);
      open_.pop_back();
      if (!take('>')) fail("no >");
      return;
    }
    if (open_.empty() && elements_ > 0) fail("second root");
    ++elements_;
    open_.push_back(name());
    std::vector<std::string> attributes;
    for (blanks(); problem_.empty() && !rest_.empty() && rest_[0] != '>' && rest_[0] != '/'; blanks())
      attribute(attributes);
    if (take('/')) open_.pop_back();
    if (!take('>')) fail("no >");
  }
  void attribute(std::vector<std::string>& seen) {
    const std::string key = name();
    for (const std::string& other : seen)
      if (other == key) fail("attribute twice");
    seen.push_back(key);
    if (!take('=') || !take('"')) return fail("no value");
    while (problem_.empty() && !rest_.empty() && rest_[0] != '"') {
      if (rest_[0] == '<') fail("< in a value");
      if (rest_[0] == '&') {
        entity();
      } else {
        character();
      }
    }
    if (!take('"')) fail("no end of a value");
  }

  std::string_view rest_;
  std::string problem_;
  std::vector<std::string> open_;
  int elements_ = 0;
};

inline std::string xml_problem(std::string_view text) { return XmlCheck(text).problem(); }

}  // namespace thalweg::test
