#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <random>

#include "host/config/config_text.hpp"
#include "host/config/keys.hpp"
#include "host/config/values.hpp"
#include "thalweg/config.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "(no error)";
}

std::string set_error(const std::string& key, const std::string& value) {
  Config config;
  return error_of([&] { set_config_value(config, key, value); });
}

std::string text_error(const std::string& text) {
  Config config;
  return error_of([&] { read_config_text(text, "run.toml", config); });
}

using Settings = std::vector<std::pair<const char*, const char*>>;

std::string invalid(const Settings& settings) {
  Config config;
  for (const auto& [key, value] : settings) set_config_value(config, key, value);
  return error_of([&] { validate_config(config); });
}

testing::AssertionResult says(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << part << "\" is not in: " << text;
}

TEST(Config, TheDefaultsAreValid) { EXPECT_NO_THROW(validate_config(Config{})); }

TEST(Config, ReadsTheSchemaOfTheManual) {
  Config c;
  read_config_text(R"(
seed = 7
device = "cpu"
out = "runs/a9a"
[data]
train = "data/a9a"
target = 3
standardize = true
ignore = ["id", 4]
validation_fraction = 0.1
[model]
hidden = [512, 256]
bias = false
[optimizer]
name = "sgd"
lr = 1
[train]
batch_size = 32
)",
                   "run.toml", c);
  EXPECT_EQ(c.seed, 7);
  EXPECT_EQ(c.device, "cpu");
  EXPECT_EQ(c.out, "runs/a9a");
  EXPECT_EQ(c.data.target, "3");
  EXPECT_EQ(c.data.standardize, Tristate::yes);
  EXPECT_EQ(c.data.ignore, (std::vector<std::string>{"id", "4"}));
  EXPECT_EQ(c.data.validation_fraction, 0.1);
  EXPECT_EQ(c.model.hidden, (std::vector<std::int64_t>{512, 256}));
  EXPECT_FALSE(c.model.bias);
  EXPECT_EQ(c.optimizer.name, Rule::sgd);
  EXPECT_EQ(c.optimizer.lr, 1.0);
  EXPECT_EQ(c.train.batch_size, 32);
  EXPECT_EQ(c.optimizer.beta1, OptimizerConfig{}.beta1) << "a setting not named must keep its value";
}

TEST(Config, ReadsAFileAndNamesOneThatIsNotThere) {
  const auto path = std::filesystem::temp_directory_path() / "thalweg_config_test.toml";
  std::ofstream(path) << "[train]\nepochs = 3\n";
  Config c;
  read_config_file(path.string(), c);
  EXPECT_EQ(c.train.epochs, 3);
  std::ofstream(path, std::ios::trunc).close();
  EXPECT_NO_THROW(read_config_file(path.string(), c)) << "an empty file sets nothing";
  std::filesystem::remove(path);
  EXPECT_THROW(read_config_file(path.string(), c), NoInputError);
  EXPECT_THROW(read_config_file(std::filesystem::temp_directory_path().string(), c), NoInputError);
}

TEST(Config, ErrorsNameFileLineColumnAndKey) {
  EXPECT_TRUE(says(text_error("seed = 1\n[optimizer]\nlearning_rte = 0.1\n"), "run.toml:3:1: unknown key"));
  EXPECT_TRUE(says(text_error("[optimizer]\nlr = \"fast\"\n"),
                   "run.toml:2:6: optimizer.lr = \"fast\": wanted auto or a finite number above 0"));
  EXPECT_TRUE(says(text_error("[train]\nepochs = 2.5\n"),
                   "run.toml:2:10: train.epochs = 2.5: wanted auto or an integer of at least 0"));
  EXPECT_TRUE(says(text_error("[train]\nshuffle = 1\n"), "train.shuffle = 1: wanted true or false"));
  EXPECT_TRUE(says(text_error("[model]\nhidden = [4, \"x\"]\n"), "wanted a list of integers"));
  EXPECT_TRUE(
      says(text_error("[model]\nhidden = \"x\"\n"), "model.hidden = \"x\": wanted a list of integers"));
  EXPECT_TRUE(says(text_error("[train.epochs]\nn = 1\n"), "train.epochs = {...}: wanted"));
  EXPECT_TRUE(says(text_error("[epochs]\nn = 1\n"), "train.epochs = {...}: wanted auto or an integer"));
  EXPECT_TRUE(says(text_error("[optimiser]\nlr = 1\n"),
                   "unknown section \"optimiser\"; did you mean \"optimizer\"?"));
  EXPECT_TRUE(says(text_error("seed = 1 1\n"), "run.toml:1:"));
  EXPECT_TRUE(says(text_error("seed = 2026-01-01\n"), "seed = (a date or time): wanted an integer"));
}

TEST(Config, KeysOfManyPartsAreRefusedAndDotsInTextAreNot) {
  std::string key = "a";
  for (int i = 0; i < 1000000; ++i) key += ".a";  // a library that calls itself would end the process
  const std::string basic(3, '"'), literal(3, '\'');
  EXPECT_TRUE(says(text_error(key + " = 1\n"), "run.toml:1: more than 100 dots"));
  EXPECT_TRUE(says(text_error("seed = 1\n[" + key + "]\n"), "run.toml:2: more than 100 dots"));
  EXPECT_TRUE(says(text_error("# a.b\n[" + key + "]\n"), "run.toml:2: more than 100 dots"));
  for (const std::string& quotes : {basic, literal}) {
    const std::string text = quotes + "\n" + quotes[0] + " " + quotes + quotes[0];
    EXPECT_TRUE(
        says(text_error("x = [" + text + ", {" + key + " = 1}]\n"), "run.toml:2: more than 100 dots"));
  }
  std::string hundred = "a";
  for (int i = 0; i < 100; ++i) hundred += ".a";
  EXPECT_TRUE(says(text_error(hundred + " = 1\n"), "unknown section \"a\""));
  EXPECT_TRUE(says(text_error(hundred + ".a = 1\n"), "run.toml:1: more than 100 dots"));
  const std::string dots(200, '.');
  Config config;
  read_config_text("out = \"" + dots + "\\\"" + dots + "\" # " + dots + "\ndata.train = '" + dots + "'\n",
                   "run.toml", config);
  EXPECT_EQ(config.out, dots + "\"" + dots);
  read_config_text("out = " + basic + dots + "\"\n" + dots + basic + "\n", "run.toml", config);
  EXPECT_EQ(config.out, dots + "\"\n" + dots);
}

TEST(Config, LettersBeyondAsciiBelongInQuotesAndComments) {
  const std::string basic(3, '"');
  for (const std::string letter : {"é", "ʒ", "ђ", "ぁ", "ﯼ"}) {  // each took another unreachable way
    EXPECT_TRUE(says(text_error("seed = 1\nk" + letter + "y = 1\n"), "run.toml:2:2: "));
    EXPECT_TRUE(says(text_error("seed = " + letter + "\n"), "run.toml:1:8: "));
    EXPECT_TRUE(says(text_error("out = " + basic + "a\\" + letter + basic + "\n"), "run.toml:1:"));
  }
  Config config;
  read_config_text("out = " + basic + "a \\\n  ʒ" + basic + "\n", "run.toml", config);
  EXPECT_EQ(config.out, "a ʒ");
  read_config_text("out = \"é\" # ʒ\ndata.train = " + basic + "\né\\\"ʒ" + basic + "\n", "run.toml", config);
  EXPECT_EQ(config.out, "é");
  EXPECT_EQ(config.data.train, "é\"ʒ");
}

TEST(Config, LongNamesHaveNoSuggestions) {
  const std::string word(1 << 20, 'a');  // the distance of two such would take an hour
  EXPECT_EQ(did_you_mean(word, {word + "b", std::string(1 << 20, 'b')}), "");
}

TEST(Config, AnErrorLeavesTheConfigAsItWas) {
  Config c;
  EXPECT_THROW(read_config_text("seed = 9\n[train]\nepochs = \"x\"\n", "run.toml", c), ConfigError);
  EXPECT_EQ(c.seed, 1);
  EXPECT_THROW(set_config_value(c, "model.hidden", "1,2,x"), ConfigError);
  EXPECT_TRUE(c.model.hidden.empty());
}

TEST(Config, OneSettingUnderTwoNamesInAFileIsAnError) {
  EXPECT_TRUE(says(text_error("learning_rate = 1\n[optimizer]\nlr = 2\n"),
                   "optimizer.lr is set twice: by \"learning_rate\" and by \"optimizer.lr\""));
}

TEST(Config, UnknownKeysSuggestTheNearest) {
  EXPECT_TRUE(
      says(set_error("optimzer.lr", "1"), "unknown key \"optimzer.lr\"; did you mean \"optimizer.lr\"?"));
  EXPECT_TRUE(says(set_error("train.epcohs", "1"), "did you mean \"train.epochs\"?"));
  EXPECT_TRUE(says(set_error("bacth_size", "1"), "did you mean \"train.batch_size\"?"));
  EXPECT_TRUE(says(set_error("learning_rat", "1"), "did you mean \"optimizer.lr\"?"));
  EXPECT_TRUE(says(set_error("optimizer.learnin_rate", "1"), "did you mean \"optimizer.lr\"?"));
  EXPECT_TRUE(says(set_error("train.lr", "1"), "did you mean \"optimizer.lr\"?"));
  EXPECT_EQ(set_error("xyzzyxyzzy", "1"), "unknown key \"xyzzyxyzzy\"");
  EXPECT_EQ(set_error("", "1"), "unknown key \"\"");
}

TEST(Config, BareKeysWorkWhereOneSectionHasThem) {
  Config c;
  set_config_value(c, "lr", "0.5");
  set_config_value(c, "hidden", "8");
  set_config_value(c, "batch-size", "4");
  EXPECT_EQ(c.optimizer.lr, 0.5);
  EXPECT_EQ(c.model.hidden, (std::vector<std::int64_t>{8}));
  EXPECT_EQ(c.train.batch_size, 4);
  EXPECT_EQ(set_error("name", "sgd"), "\"name\" can mean \"optimizer.name\" or \"schedule.name\"");
}

TEST(Config, NamesOfOtherToolsAreAccepted) {
  const std::pair<const char*, const char*> same[] = {
      {"learning_rate", "optimizer.lr"},
      {"eta0", "optimizer.lr"},
      {"optimizer.learning_rate", "optimizer.lr"},
      {"lambda_l1", "optimizer.l1"},
      {"max_iter", "train.epochs"},
      {"n_epochs", "train.epochs"},
      {"num_iterations", "train.epochs"},
      {"random_state", "seed"},
      {"batch", "train.batch_size"},
      {"n_iter_no_change", "train.patience"},
      {"hidden_layer_sizes", "model.hidden"},
      {"early_stopping_rounds", "train.patience"},
      {"n_jobs", "train.threads"},
      {"optimizer", "optimizer.name"},
      {"label_column", "data.target"},
  };
  for (const auto& [alias, key] : same) EXPECT_EQ(resolve_key(alias).name, key) << alias;
}

TEST(Config, FlagsReadEveryTypeFromText) {
  Config c;
  for (const char* text : {"512,256", "[512, 256]", "(512, 256,)", " 512 , 256 "}) {
    c.model.hidden.clear();
    set_config_value(c, "model.hidden", text);
    EXPECT_EQ(c.model.hidden, (std::vector<std::int64_t>{512, 256})) << text;
  }
  set_config_value(c, "model.hidden", "[]");
  EXPECT_TRUE(c.model.hidden.empty());
  set_config_value(c, "data.ignore", "[\"a, b\", c]");
  EXPECT_EQ(c.data.ignore, (std::vector<std::string>{"a, b", "c"}));
  set_config_value(c, "train.shuffle", "false");
  EXPECT_FALSE(c.train.shuffle);
  set_config_value(c, "lr", "1e-2");
  EXPECT_EQ(c.optimizer.lr, 1e-2);
  set_config_value(c, "data.header", "true");
  EXPECT_EQ(c.data.header, Header::yes);
  set_config_value(c, "data.train", "true");
  EXPECT_EQ(c.data.train, "true") << "a file may be called true";
  for (const auto& [text, value] : {std::pair{"true", true},
                                    {"True", true},
                                    {"yes", true},
                                    {"on", true},
                                    {"1", true},
                                    {" true ", true},
                                    {"false", false},
                                    {"False", false},
                                    {"no", false},
                                    {"off", false},
                                    {"0", false}}) {
    c.train.shuffle = !value;
    set_config_value(c, "train.shuffle", text);
    EXPECT_EQ(c.train.shuffle, value) << text;
  }

  EXPECT_TRUE(
      says(set_error("epochs", "ten"), "train.epochs = \"ten\": wanted auto or an integer of at least 0"));
  EXPECT_TRUE(says(set_error("epochs", "99999999999999999999"),
                   "wanted auto or an integer of at least 0; integers have 64 bits"));
  EXPECT_TRUE(says(set_error("epochs", ""), "wanted auto or an integer"));
  EXPECT_TRUE(says(set_error("epochs", "1 2"), "wanted auto or an integer"));
  EXPECT_TRUE(says(set_error("lr", "0.1x"), "wanted auto or a finite number above 0"));
  EXPECT_TRUE(says(set_error("shuffle", "maybe"), "wanted true or false"));
  EXPECT_TRUE(says(set_error("hidden", "[1,2"), "wanted a list of integers"));
  EXPECT_TRUE(says(set_error("hidden", "1,,2"), "wanted a list of integers"));
  EXPECT_TRUE(says(set_error("ignore", "\"a"), "wanted a list of texts"));
  EXPECT_TRUE(says(set_error("out", "\xff\xfe"), "wanted a text in UTF-8"));
}

TEST(Config, NumbersThatARuleCanFindTakeTheWordAuto) {
  Config c;
  c.optimizer.lr = c.optimizer.beta2 = c.optimizer.weight_decay = 0.5;
  c.train.epochs = c.train.batch_size = 5;
  for (const char* key :
       {"optimizer.lr", "optimizer.beta2", "optimizer.weight_decay", "train.epochs", "train.batch_size"})
    set_config_value(c, key, "auto");
  EXPECT_EQ(to_toml(c), to_toml({}));
  EXPECT_TRUE(says(to_toml({}), "\nlr = \"auto\"\n"));
  EXPECT_TRUE(says(to_toml({}), "\nbatch_size = \"auto\"\n"));
  read_config_text(to_toml({}), "run.toml", c);
  EXPECT_EQ(to_toml(c), to_toml({}));
  EXPECT_TRUE(says(set_error("eps", "auto"), "wanted a finite number"));
  // the number that stands for the word inside is a mistake where it is written
  EXPECT_TRUE(says(set_error("lr", "0"), "optimizer.lr = \"0\": wanted auto or"));
  EXPECT_TRUE(says(set_error("epochs", "-1"), "train.epochs = \"-1\": wanted auto or"));
  EXPECT_TRUE(says(text_error("[train]\nbatch_size = 0\n"), "train.batch_size = 0: wanted auto or"));
}

TEST(Config, ChoicesThatKnowYesAndNoTakeEitherSpelling) {
  const auto set = [](const char* key, const char* text) {
    Config c;
    set_config_value(c, key, text);
    return c;
  };
  for (const char* yes : {"true", "yes"}) {
    EXPECT_EQ(set("data.header", yes).data.header, Header::yes);
    EXPECT_EQ(set("data.standardize", yes).data.standardize, Tristate::yes);
    EXPECT_EQ(set("optimizer.lazy", yes).optimizer.lazy, Tristate::yes);
  }
  for (const char* no : {"false", "no"}) {
    EXPECT_EQ(set("data.header", no).data.header, Header::no);
    EXPECT_EQ(set("data.standardize", no).data.standardize, Tristate::no);
    EXPECT_EQ(set("optimizer.lazy", no).optimizer.lazy, Tristate::no);
  }
  EXPECT_EQ(set("data.header", "auto").data.header, Header::automatic);
  EXPECT_EQ(set("optimizer.lazy", "auto").optimizer.lazy, Tristate::automatic);
  Config c;
  read_config_text(
      "[data]\nheader = false\nstandardize = \"no\"\nindex_base = 1\n[optimizer]\nlazy = \"yes\"\n",
      "run.toml", c);
  EXPECT_EQ(c.data.header, Header::no);
  EXPECT_EQ(c.data.standardize, Tristate::no);
  EXPECT_EQ(c.data.index_base, IndexBase::one);
  EXPECT_EQ(c.optimizer.lazy, Tristate::yes);
  set_config_value(c, "data.train", "yes");
  EXPECT_EQ(c.data.train, "yes") << "a file may be called yes";
}

/// Fills every field with something that is hard to write down.
void scramble(Config& config, std::mt19937_64& random) {
  const std::string texts[] = {"", "a\"b\\c\n\t\x01\x7f", "\xc3\xa9\xf0\x9f\x8c\x8a", "# no comment", "'''"};
  const auto text = [&] { return texts[random() % std::size(texts)]; };
  const auto whole = [&] { return static_cast<std::int64_t>(random()); };
  struct Filler {
    const std::function<std::string()> text;
    const std::function<std::int64_t()> whole;
    std::mt19937_64& random;
    void operator()(std::string& v) const { v = text(); }
    void operator()(std::int64_t& v) const { v = whole(); }
    void operator()(bool& v) const { v = random() % 2 == 0; }
    void operator()(std::vector<std::string>& v) const { v.assign(random() % 4, text()); }
    void operator()(std::vector<std::int64_t>& v) const { v.assign(random() % 4, whole()); }
    void operator()(double& v) const {
      do {
        const std::uint64_t bits = random();
        std::memcpy(&v, &bits, sizeof v);
      } while (v != v);
      if (random() % 4 == 0) v = static_cast<double>(static_cast<std::int64_t>(random() % 2000) - 1000);
    }
  } const fill{text, whole, random};
  for_each_setting(config, [&](const std::string&, auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (NamedEnum<Value>) {
      value = kNames<Value>[random() % kNames<Value>.size()].value;
    } else {
      fill(value);
    }
  });
}

TEST(Config, TomlReadsBackToTheSameConfig) {
  std::mt19937_64 random(20);
  for (int round = 0; round < 300; ++round) {
    Config written, read;
    scramble(written, random);
    scramble(read, random);
    read_config_text(to_toml(written), "text", read);
    ASSERT_EQ(to_toml(written), to_toml(read));
    ASSERT_TRUE(config_differences(written, read).empty());
    ASSERT_EQ(read.out, written.out);
    ASSERT_EQ(read.data.ignore, written.data.ignore);
    ASSERT_EQ(read.model.hidden, written.model.hidden);
  }
  Config extremes, read;
  extremes.optimizer.lr = std::numeric_limits<double>::denorm_min();
  extremes.optimizer.eps = -0.0;
  extremes.optimizer.upper = std::numeric_limits<double>::infinity();
  extremes.optimizer.lower = -std::numeric_limits<double>::infinity();
  extremes.optimizer.l2 = 0.1 + 0.2;
  extremes.seed = std::numeric_limits<std::int64_t>::min();
  read_config_text(to_toml(extremes), "text", read);
  EXPECT_EQ(read.optimizer.lr, extremes.optimizer.lr);
  EXPECT_TRUE(std::signbit(read.optimizer.eps));
  EXPECT_EQ(read.optimizer.upper, extremes.optimizer.upper);
  EXPECT_EQ(read.optimizer.lower, extremes.optimizer.lower);
  EXPECT_EQ(read.optimizer.l2, extremes.optimizer.l2);
  EXPECT_EQ(read.seed, extremes.seed);
}

TEST(Config, DifferencesNameTheSettingsThatDiffer) {
  Config before, after;
  after.optimizer.lr = 0.5;
  after.model.hidden = {4};
  const auto differences = config_differences(before, after);
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].key, "model.hidden");
  EXPECT_EQ(differences[0].before, "[]");
  EXPECT_EQ(differences[0].after, "[4]");
  EXPECT_EQ(differences[1].key, "optimizer.lr");
  EXPECT_EQ(differences[1].before, "\"auto\"");
}

TEST(Config, UnknownNamesListTheKnownOnesWhereTheyStand) {
  EXPECT_EQ(set_error("average", "polyac"),
            "optimizer.average = \"polyac\": wanted one of none, polyak, ema; did you mean \"polyak\"?");
  EXPECT_EQ(
      text_error("[data]\nimpute = \"meen\"\n"),
      "run.toml:2:10: data.impute = \"meen\": wanted one of error, mean, median; did you mean \"mean\"?");
  EXPECT_EQ(text_error("[data]\nindex_base = 2\n"),
            "run.toml:2:14: data.index_base = 2: wanted one of auto, 0, 1");
  EXPECT_TRUE(says(invalid({{"device", "gpu"}}), "did you mean \"cuda\"?"));
  EXPECT_TRUE(says(invalid({{"device", "cuda:x"}}), "cuda:N"));
  EXPECT_EQ(invalid({{"device", "cuda:3"}}), "(no error)");
}

struct Meant {
  const char* key;
  const char* written;
  const char* suggestion;
};

TEST(Config, NamesOfOtherToolsAreAnsweredWithTheNamesHere) {
  for (const Meant& m :
       std::vector<Meant>{{"model.loss", "mse", "\"squared\""},
                          {"model.loss", "MAE", "\"absolute\""},
                          {"model.loss", "log_loss", "\"logistic\" or \"softmax_cross_entropy\""},
                          {"model.loss", "cross-entropy", "\"logistic\" or \"softmax_cross_entropy\""},
                          {"model.loss", "bce", "\"logistic\""},
                          {"model.loss", "binary:logistic", "\"logistic\""},
                          {"model.loss", "Squared", "\"squared\""},
                          {"optimizer.name", "SGD", "\"sgd\""},
                          {"optimizer.name", "adamm", "\"adam\" or \"adamw\""},
                          {"optimizer.name", "NAG", "\"nesterov\""},
                          {"optimizer.constraint", "off", "\"none\""},
                          {"model.normalization", "BatchNorm", "\"batch\""},
                          {"model.activation", "ReLU", "\"relu\""},
                          {"schedule.name", "none", "\"constant\""},
                          {"data.delimiter", ";", "\"semicolon\""},
                          {"data.format", "svmlight", "\"libsvm\""},
                          {"optimizer.clip_norm", "none", "\"0\""},
                          {"train.max_steps", "off", "\"0\""}})
    EXPECT_TRUE(says(set_error(m.key, m.written), std::string("; did you mean ") + m.suggestion + "?"))
        << m.key << " = " << m.written;
  EXPECT_FALSE(says(set_error("optimizer.lr", "none"), "did you mean")) << "0 is not a rate";
}

TEST(Config, ValuesOutOfRangeAreNamed) {
  const std::pair<const char*, const char*> wrong[] = {
      {"seed", "-1"},
      {"data.validation_fraction", "1"},
      {"data.validation_fraction", "nan"},
      {"data.train_rows", "8000"},
      {"data.train_rows", "5:5"},
      {"data.test_rows", "a:b"},
      {"data.class_weight", "1,-2"},
      {"data.features", "-1"},
      {"model.hidden", "4,0"},
      {"model.quantile", "0"},
      {"model.quantile", "1"},
      {"model.huber_delta", "0"},
      {"model.label_smoothing", "1"},
      {"model.dropout", "1"},
      {"model.dropout", "-0.1"},
      {"optimizer.lr", "nan"},
      {"optimizer.lr", "inf"},
      {"optimizer.momentum", "1"},
      {"optimizer.beta1", "1"},
      {"optimizer.beta2", "-0.5"},
      {"optimizer.l1", "-1"},
      {"optimizer.ema_decay", "1"},
      {"schedule.warmup_steps", "-1"},
      {"schedule.warmup_start", "2"},
      {"schedule.gamma", "0"},
      {"schedule.cycle_factor", "0.5"},
      {"schedule.rise_fraction", "1.5"},
      {"train.reduction_slices", "0"},
      {"train.reduction_slices", "1025"},
      {"train.ranks", "9"},
      {"train.threads", "-1"},
      {"checkpoint.keep", "0"},
      {"checkpoint.every_steps", "-1"},
  };
  for (const auto& [key, value] : wrong) EXPECT_TRUE(says(invalid({{key, value}}), key));
}

TEST(Config, RowRangesMayLeaveOutASide) {
  for (const char* rows : {"0:8000", ":8000", "8000:", ":", ""}) {
    EXPECT_EQ(invalid({{"data.train_rows", rows}}), "(no error)") << rows;
  }
}

TEST(Config, ContradictionsNameBothSettings) {
  const std::string batch_norm =
      invalid({{"normalization", "batch"}, {"hidden", "8"}, {"batch_size", "8"}, {"micro_batch", "4"}});
  EXPECT_TRUE(says(batch_norm, "train.micro_batch = 4"));
  EXPECT_TRUE(says(batch_norm, "model.normalization"));
  EXPECT_EQ(invalid({{"normalization", "batch"}, {"hidden", "8"}, {"batch_size", "8"}, {"micro_batch", "8"}}),
            "(no error)");
  EXPECT_EQ(invalid({{"normalization", "batch"}, {"hidden", "8"}, {"batch_size", "8"}, {"micro_batch", "9"}}),
            "(no error)")
      << "the batch is smaller";
  const std::string slices =
      invalid({{"normalization", "batch"}, {"hidden", "8"}, {"reduction_slices", "65"}});
  EXPECT_TRUE(says(slices, "train.reduction_slices = 65 is above 64"));
  EXPECT_TRUE(says(slices, "model.normalization"));
  EXPECT_EQ(invalid({{"normalization", "batch"}, {"hidden", "8"}, {"reduction_slices", "64"}}), "(no error)");
  EXPECT_TRUE(says(invalid({{"label_smoothing", "0.1"}, {"loss", "hinge"}}), "softmax_cross_entropy"));
  EXPECT_TRUE(says(invalid({{"dropout", "0.1"}}), "model.hidden is empty"));
  EXPECT_TRUE(says(invalid({{"normalization", "layer"}}), "model.hidden is empty"));
  EXPECT_TRUE(says(invalid({{"average", "ema"}, {"lazy", "true"}}), "optimizer.lazy"));
  EXPECT_TRUE(says(invalid({{"constraint", "box"}, {"lower", "2"}}), "optimizer.upper"));
  EXPECT_TRUE(says(invalid({{"constraint", "simplex"}, {"upper", "0"}}), "optimizer.upper"));
  EXPECT_TRUE(says(invalid({{"optimizer", "ftrl"}, {"weight_decay", "0.1"}}), "optimizer.l2"));
  EXPECT_TRUE(says(invalid({{"schedule", "inverse_time"}}), "schedule.decay"));
  for (const char* floored : {"polynomial", "cosine", "plateau"})
    EXPECT_TRUE(says(invalid({{"schedule", floored}, {"min_lr", "1"}, {"lr", "0.5"}}),
                     "schedule.min_lr = 1 is above optimizer.lr = 0.5"))
        << floored;
  EXPECT_EQ(invalid({{"schedule", "constant"}, {"min_lr", "1"}}), "(no error)");
  EXPECT_TRUE(says(invalid({{"epochs", "0"}}), "train.max_steps"));
  EXPECT_EQ(invalid({{"epochs", "0"}, {"max_steps", "5"}}), "(no error)");
  EXPECT_TRUE(says(invalid({{"every_steps", "5"}}), "set out"));
  EXPECT_EQ(invalid({{"every_steps", "5"}, {"out", "runs/x"}}), "(no error)");
}

TEST(Config, FtrlKeepsItsRateBecauseItsWeightsAreScaledByIt) {
  for (const auto& [kind, name] : kNames<ScheduleKind>) {
    const std::string got =
        invalid({{"optimizer", "ftrl"}, {"schedule", name.data()}, {"schedule.decay", "0.1"}});
    const bool kept = kind == ScheduleKind::constant || kind == ScheduleKind::automatic;
    EXPECT_EQ(says(got, "ftrl lowers the rate of each weight itself"), !kept) << name;
  }
  EXPECT_TRUE(says(invalid({{"optimizer", "ftrl"}, {"warmup_steps", "3"}}), "schedule.warmup_steps = 3"));
  EXPECT_EQ(invalid({{"optimizer", "ftrl"}}), "(no error)");
}

TEST(Config, WhatWatchesHeldOutRowsNeedsSome) {
  EXPECT_TRUE(says(invalid({{"train.patience", "5"}}),
                   "train.patience = 5 needs validation data: set data.validation_fraction = 0.1"));
  EXPECT_TRUE(says(invalid({{"train.metric", "r2"}}), "train.metric = \"r2\" needs validation data"));
  for (const char* key : {"data.validation_fraction", "data.validation", "data.folds"}) {
    const char* const value = std::string(key) == "data.folds" ? "3" : "0.5";
    EXPECT_EQ(invalid({{"train.patience", "5"}, {"train.metric", "r2"}, {key, value}}), "(no error)") << key;
  }
}

TEST(Config, RowsAreHeldOutInOneWay) {
  EXPECT_TRUE(
      says(invalid({{"data.validation", "v.csv"}, {"validation_fraction", "0.1"}}), "want one of them"));
  EXPECT_TRUE(says(invalid({{"validation_target", "v.npy"}}), "needs the file data.validation"));
  EXPECT_TRUE(says(invalid({{"folds", "1"}}), "data.folds = 1"));
  for (const auto& [key, value] : Settings{{"data.validation", "v.csv"},
                                           {"validation_fraction", "0.1"},
                                           {"data.test", "t.csv"},
                                           {"test_rows", "0:5"},
                                           {"checkpoint.resume", "run/checkpoints/step-000000003"}})
    EXPECT_TRUE(says(invalid({{"folds", "3"}, {key, value}}), "data.folds = 3 with ")) << key;
  EXPECT_EQ(invalid({{"folds", "3"}, {"checkpoint.resume", "never"}}), "(no error)");
}

TEST(Config, PrivateTrainingRefusesWhatBreaksItsGuarantee) {
  const auto with = [](Settings more) {
    Settings settings{{"per_sample.clip_norm", "1"}, {"noise_multiplier", "1"}};
    settings.insert(settings.end(), more.begin(), more.end());
    return invalid(settings);
  };
  EXPECT_EQ(with({}), "(no error)");
  EXPECT_TRUE(says(invalid({{"noise_multiplier", "1"}}), "per_sample.clip_norm"));
  EXPECT_TRUE(says(with({{"target_epsilon", "3"}}), "two answers"));
  EXPECT_TRUE(says(with({{"sampling", "epochs"}}), "sampling = poisson"));
  EXPECT_TRUE(says(with({{"optimizer.lazy", "true"}}), "optimizer.lazy"));
  EXPECT_TRUE(says(with({{"train.patience", "1"}}), "train.patience"));
  EXPECT_TRUE(says(with({{"loss_tolerance", "0.1"}}), "train.loss_tolerance"));
  EXPECT_TRUE(says(with({{"schedule", "plateau"}}), "plateau"));
  EXPECT_TRUE(says(with({{"class_weight", "balanced"}}), "data.class_weight"));
  EXPECT_EQ(with({{"class_weight", "1,2"}}), "(no error)")
      << "weights that are given tell nothing of the data";
  EXPECT_TRUE(says(with({{"stratify", "true"}}), "data.stratify = true"));
  EXPECT_TRUE(says(with({{"impute", "mean"}}), "data.impute = mean"));
  EXPECT_TRUE(says(with({{"impute", "median"}}), "data.impute = median"));
  EXPECT_TRUE(says(with({{"standardize_target", "true"}}), "data.standardize_target"));
  EXPECT_TRUE(says(with({{"on_spike", "skip"}}), "train.on_spike = skip"));
  EXPECT_EQ(with({{"optimizer.lazy", "false"}}), "(no error)");
  EXPECT_TRUE(says(with({{"normalization", "batch"}, {"hidden", "4"}}), "normalization = layer"));
  EXPECT_TRUE(says(invalid({{"statistics", "true"}, {"normalization", "batch"}, {"hidden", "4"}}),
                   "normalization = layer"));
  EXPECT_TRUE(says(invalid({{"sampling", "poisson"}}), "per_sample.clip_norm"));
  EXPECT_TRUE(
      says(invalid({{"sampling", "poisson"}, {"per_sample.clip_norm", "1"}, {"data.order", "blocks"}}),
           "data.order = blocks is an order of epochs"));
  EXPECT_EQ(invalid({{"sampling", "epochs"}, {"per_sample.clip_norm", "1"}, {"data.order", "blocks"}}),
            "(no error)");
  EXPECT_TRUE(says(invalid({{"per_sample.delta", "1"}}), "per_sample.delta = 1"));
  EXPECT_TRUE(says(set_error("mode", "flatt"), "did you mean \"flat\""));
}

TEST(Config, Utf8IsToldFromOtherBytes) {
  for (const char* good : {"", "abc", "\xc2\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good));
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xff"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

}  // namespace
}  // namespace thalweg
