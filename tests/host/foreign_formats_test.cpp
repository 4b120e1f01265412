// Files that hold no table, and paths that name no file, are refused by what they are.
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;

class ForeignFormats : public test::DataFiles {
 protected:
  void refused(const std::string& name, const std::string& bytes, const std::vector<std::string>& words,
               DataFormat format = DataFormat::automatic) const {
    DataConfig c = config(write(name, bytes));
    c.format = format;
    expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, words);
  }
};

TEST_F(ForeignFormats, TextOfOtherToolsIsRefusedByName) {
  for (const char* name : {"d", "d.txt", "d.csv"}) {
    refused(name, "spam 1:0.5 3:2\nham 2:-0.132\n", {"libsvm whose labels are texts", "a number for each"});
    refused(name, "1,1:0.5,2:1\n0,1:1\n", {"is libsvm with commas", "write blanks"});
    refused(name, "{\"a\": 1}\n", {"is JSON", "as CSV"});
    refused(name, "[{\"a\": 1}]\n", {"is JSON"});
    refused(name, "<!DOCTYPE html>\n<html>\n", {"is a web page"});
    refused(name, "@RELATION iris\n@ATTRIBUTE a REAL\n", {"is ARFF"});
  }
}

TEST_F(ForeignFormats, VowpalWabbitsTextIsNoCsv) {
  refused("d.csv", "1 | a:0.5 b:1\n-1 | a:0.25\n",
          {"is in Vowpal Wabbit's format; data.format = \"vw\" reads it"});
  refused("d.csv", "1 2.0 tag|f price:.2 red |g x:1\n|f price:1\n", {"is in Vowpal Wabbit's format"});
}

TEST_F(ForeignFormats, ALogIsNoTable) {
  refused("app.log", "INFO service started\nINFO service stopped\nWARN disk full\n",
          {"app.log: words between blanks and no column of numbers", "data.delimiter = \"space\""});
  refused("app.log", "INFO service started\nINFO stopped\n",
          {"line 2: 2 cells; want 3", "no delimiter but blanks (data.delimiter)"});
  DataConfig c = config(write("words", "color size\nred big\nblue small\n"));
  c.delimiter = Delimiter::space;
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).classes.size(), 2u);
}

TEST_F(ForeignFormats, ATableMayBeginWithTheLettersOfAnotherFormat) {
  for (const char* name : {"ORCID", "PAR1", "BZh", "Rar!", "ARROW1"}) {
    const DataConfig c = config(write("d.csv", std::string(name) + ",y\n1,2.5\n3,4.5\n"));
    EXPECT_EQ(read_training_data(c, TargetUse::automatic).transform.columns, std::vector<std::string>{name});
  }
}

TEST_F(ForeignFormats, OtherEncodingsAndArchivesAreRefusedByName) {
  using namespace std::string_literals;
  for (const DataFormat format : {DataFormat::automatic, DataFormat::csv}) {
    refused("d.csv", "\xFF\xFE\0\0"s + "a\0\0\0"s, {"d.csv is UTF-32 text; iconv -f utf-32 -t utf-8"},
            format);
    refused("d.csv", "\0\0\xFE\xFF\0\0\0a"s, {"is UTF-32 text"}, format);
    refused("d.h5", "\x89HDF\r\n", {"is an HDF5 file"}, format);
    refused("d.xls", "\xD0\xCF\x11\xE0....", {"is an Excel workbook; save its sheet as CSV"}, format);
  }
  refused("d.parquet", "PAR1\x15\x04\x15\x10", {"is a Parquet file; data.format = parquet reads it"},
          DataFormat::csv);
  const auto zip_of = [](const std::string& member) {
    return "PK\x03\x04"s + std::string(22, '\0') + static_cast<char>(member.size()) + "\0\0\0"s + member +
           "....";
  };
  refused("d.zip", zip_of("data.csv"), {"d.zip is a zip archive of \"data.csv\"; unzip unpacks it"});
  refused("d.xlsx", zip_of("[Content_Types].xml"), {"d.xlsx is an Excel workbook"});
}

TEST_F(ForeignFormats, APatternOrAListOfFilesOfLabelsIsNamed) {
  write("a.txt", "1\n2\n");
  const auto fails = [&](const std::string& name, const std::string& words) {
    DataConfig c = config(write("x.npy", test::npy<float>("<f4", "(2, 1)", {1, 2})));
    c.target = name;
    expect_error<NoInputError>([&] { read_training_data(c, TargetUse::automatic); },
                               {name + ": no such file", words});
  };
  fails(path("*.txt"), "(a pattern); one file is read: join them");
  fails(path("a.txt") + "," + path("b.txt"), "(a list); one file is read: join them");
}

}  // namespace
}  // namespace thalweg
