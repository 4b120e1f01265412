// docs/gallery holds what the programs make, byte for byte; `./run gallery` writes it anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "examples/gallery/data.hpp"
#include "examples/gallery/markdown.hpp"
#include "host/checkpoint/files.hpp"
#include "tests/support/source_folder.hpp"
#include "tests/support/xml.hpp"

namespace thalweg::gallery {
namespace {

using testing::HasSubstr;

const std::string kFolder = test::source_folder() + "docs/gallery";

/// Made once: it takes seconds.
const std::vector<std::pair<std::string, std::string>>& made() {
  static const auto files = gallery_files();
  return files;
}

TEST(GalleryFiles, AreTheCommittedOnes) {
  std::vector<std::string> names;
  for (const auto& [name, content] : made()) {
    names.push_back(name);
    EXPECT_TRUE(read_file(join_path(kFolder, name)) == content) << name << ": ./run gallery writes it anew";
  }
  std::vector<std::string> there = names_in(kFolder);
  std::sort(names.begin(), names.end());
  std::sort(there.begin(), there.end());
  EXPECT_EQ(names, there);
}

TEST(GalleryFiles, PlotsAreWellFormedSmallAndWithoutScript) {
  for (const auto& [name, content] : made()) {
    if (!name.ends_with(".svg")) continue;
    EXPECT_EQ(test::xml_problem(content), "") << name;
    EXPECT_LT(content.size(), 40'000U) << name;
    EXPECT_EQ(content.find("<script"), std::string::npos) << name;
    EXPECT_EQ(content.find("nan"), std::string::npos) << name;
  }
}

TEST(GalleryFiles, EveryPageNamesItsProgramAndItsPlotsAndIsListed) {
  const std::string index = made().back().second;
  for (const auto& [name, make] : pages()) {
    const std::string page = read_file(join_path(kFolder, name + ".md"));
    EXPECT_THAT(page, HasSubstr("[" + name + ".cpp](../../examples/gallery/" + name + ".cpp)"));
    EXPECT_TRUE(path_exists(test::source_folder() + "examples/gallery/" + name + ".cpp"));
    EXPECT_THAT(page, HasSubstr("<img src=\"" + name + ".svg\""));
    EXPECT_THAT(index, HasSubstr("](" + name + ".md)"));
  }
}

TEST(GalleryFiles, ANumberOrAMessageThatIsNotThereIsAnError) {
  const Page page{.title = "Bowl", .text = "", .numbers = {{"depth", 2}}};
  EXPECT_EQ(page["depth"], 2);
  try {
    static_cast<void>(page["width"]);
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "the page \"Bowl\" has no number \"width\"");
  }
  gallery::Run run;
  run.messages = {"r2 is 0", "the model is that of step 3"};
  EXPECT_EQ(run.message("step"), "the model is that of step 3");
  EXPECT_THROW(run.message("loss"), UsageError);
}

TEST(GalleryFiles, TheReadmeLinksTheGalleryAndShowsTwoOfItsPlots) {
  const std::string readme = read_file(test::source_folder() + "README.md");
  EXPECT_THAT(readme, HasSubstr("(docs/gallery/README.md)"));
  std::size_t plots = 0;
  for (const auto& [name, content] : made())
    plots += name.ends_with(".svg") && readme.find("docs/gallery/" + name) != std::string::npos ? 1 : 0;
  EXPECT_GE(plots, 2U);
}

}  // namespace
}  // namespace thalweg::gallery
