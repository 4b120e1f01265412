#include "examples/gallery/markdown.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/report/markup.hpp"

namespace thalweg::gallery {
namespace {

constexpr std::size_t kColumns = 120;

/// The words in lines that fit; each line after the first one begins with `begin`.
std::string wrapped(const std::string& text, const std::string& begin = "") {
  std::string result = begin;
  std::size_t column = begin.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (column > begin.size() && column + 1 + end - at > kColumns) {
      result += "\n" + begin;
      column = begin.size();
    }
    if (column > begin.size()) result += " ", ++column;
    result += text.substr(at, end - at);
    column += end - at;
    at = end + 1;
  }
  return result + "\n";
}

std::string plot_name(const std::string& page, std::size_t chart) {
  return chart == 0 ? page + ".svg" : fmt::format("{}_{}.svg", page, chart + 1);
}

std::string markdown(const std::string& name, const Page& page) {
  std::string text = fmt::format("# {}\n\n{}\n", page.title, wrapped(page.text));
  if (!page.says.empty()) text += "Thalweg says:\n\n" + wrapped(page.says, "> ") + "\n";
  for (std::size_t k = 0; k < page.charts.size(); ++k)
    text += fmt::format("<img src=\"{}\" alt=\"{}\" width=\"600\"/>\n\n", plot_name(name, k),
                        report::escaped(page.charts[k].title));
  text += "| number | value |\n|---|---|\n";
  for (const Number& number : page.numbers)
    text += fmt::format("| {} | {} |\n", number.name, report::number_text(number.value));
  return text + fmt::format(
                    "\nMade by [{0}.cpp](../../examples/gallery/{0}.cpp): `./run gallery` makes it again. "
                    "[All pages](README.md)\n",
                    name);
}

constexpr const char* kAbout =
    "The worked examples of the optimisation literature, each drawn by the optimizers of this engine. A test "
    "makes every page again and compares its bytes. Other tests hold its numbers to values known otherwise.";

}  // namespace

std::vector<std::pair<std::string, std::string>> gallery_files() {
  std::vector<std::pair<std::string, std::string>> files;
  std::string index = "# Gallery\n\n" + wrapped(kAbout) + "\n| page | plot |\n|---|---|\n";
  for (const auto& [name, make] : pages()) {
    const Page page = make();
    files.emplace_back(name + ".md", markdown(name, page));
    for (std::size_t k = 0; k < page.charts.size(); ++k)
      files.emplace_back(plot_name(name, k), report::svg_file(report::svg(page.charts[k])));
    index += fmt::format("| [{0}]({1}.md) | <img src=\"{1}.svg\" alt=\"{0}\" width=\"320\"/> |\n", page.title,
                         name);
  }
  files.emplace_back("README.md", index);
  return files;
}

}  // namespace thalweg::gallery
