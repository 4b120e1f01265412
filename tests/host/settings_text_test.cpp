// Help, documentation and JSON of the settings. With THALWEG_UPDATE_GOLDEN=1 in the environment
// docs/settings.md and the README's lists of names are written anew.
#include "host/config/settings_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>

#include "host/config/keys.hpp"
#include "tests/support/source_folder.hpp"

namespace thalweg {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Settings, EachHasAShortSentenceAndADefaultThatItTakes) {
  EXPECT_EQ(settings().size(), setting_keys().size());
  for (const SettingInfo& setting : settings()) {
    EXPECT_TRUE(setting.about.ends_with('.')) << setting.key;
    EXPECT_LE(setting.about.size(), 140u) << setting.key << ": " << setting.about;
    EXPECT_NE(setting.wanted, "") << setting.key;
    Config config;
    const std::string& text = setting.default_text;
    set_config_value(config, setting.key, text.starts_with('"') ? text.substr(1, text.size() - 2) : text);
    EXPECT_EQ(to_toml(config), to_toml(Config{})) << setting.key;
  }
  EXPECT_NO_THROW(validate_config(Config{}));
}

TEST(Settings, EveryWordThatCompletionOffersIsTaken) {
  for (const SettingInfo& setting : settings()) {
    for (const std::string& word : setting.words) {
      Config config;
      EXPECT_NO_THROW(set_config_value(config, setting.key, word)) << setting.key << " = " << word;
    }
  }
}

TEST(Settings, OtherNamesAreTheBareNameAndThoseOfOtherTools) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(find_setting("optimizer.beta1")->other_names, (Names{"beta1", "beta_1"}));
  EXPECT_EQ(find_setting("seed")->other_names, (Names{"random_state", "random_seed"}));
  EXPECT_EQ(find_setting("optimizer.clip_norm")->other_names,
            (Names{"grad_clip", "clip_grad_norm", "gradient_clip_val"}))
      << "two sections have a clip_norm";
  EXPECT_EQ(find_setting("optimizer.nothing"), nullptr);
  for (const SettingInfo& setting : settings()) {
    for (const std::string& name : setting.other_names)
      EXPECT_EQ(resolve_key(name).name, setting.key) << name;
  }
}

/// The keys that a fact holds of, in the order of the table.
template <class Holds>
std::vector<std::string> keys_where(const Holds& holds) {
  std::vector<std::string> keys;
  for (const SettingInfo& setting : settings())
    if (holds(setting.key)) keys.push_back(setting.key);
  return keys;
}

using Keys = std::vector<std::string>;

TEST(Settings, ATrainedModelReadsTheDataItIsGivenTheDeviceAndTheThreads) {
  EXPECT_EQ(
      keys_where([](const std::string& key) { return is_read_by(ReadBy::model, key); }),
      (Keys{"device",       "numerics",         "data.train",        "data.test",       "data.format",
            "data.target",  "data.test_target", "data.weight",       "data.header",     "data.delimiter",
            "data.decimal", "data.thousands",   "data.comment",      "data.missing",    "data.ignore",
            "data.id",      "data.train_rows",  "data.test_rows",    "data.index_base", "data.unseen",
            "data.memory",  "data.readers",     "train.micro_batch", "train.threads"}));
}

TEST(Settings, AConversionReadsWhatTheCellsOfItsRowsDependOn) {
  EXPECT_EQ(
      keys_where([](const std::string& key) { return is_read_by(ReadBy::conversion, key); }),
      (Keys{"data.format",      "data.target",     "data.weight",      "data.header",   "data.delimiter",
            "data.decimal",     "data.thousands",  "data.comment",     "data.missing",  "data.ignore",
            "data.categorical", "data.id",         "data.train_rows",  "data.features", "data.crosses",
            "data.hash_bits",   "data.index_base", "data.standardize", "data.impute",   "model.loss",
            "model.init",       "train.threads"}));
}

TEST(Settings, TrainingReadsAllOfThem) {
  EXPECT_EQ(keys_where([](const std::string& key) { return is_read_by(ReadBy::training, key); }),
            setting_keys());
}

TEST(Settings, AResumedRunMayEndElsewhereAndReadItsDataElsewhere) {
  const auto keys = [](OnResume fact) {
    return keys_where([&](const std::string& key) { return on_resume(key) == fact; });
  };
  EXPECT_EQ(keys(OnResume::go_on), (Keys{"device",
                                         "out",
                                         "data.test",
                                         "data.test_target",
                                         "data.test_rows",
                                         "data.unseen",
                                         "data.fingerprint",
                                         "data.memory",
                                         "data.readers",
                                         "train.epochs",
                                         "train.max_steps",
                                         "train.micro_batch",
                                         "train.ranks",
                                         "train.threads",
                                         "train.patience",
                                         "train.gradient_tolerance",
                                         "train.loss_tolerance",
                                         "train.max_seconds",
                                         "train.log_every_steps",
                                         "train.tensorboard",
                                         "train.report",
                                         "checkpoint.every_steps",
                                         "checkpoint.every_epochs",
                                         "checkpoint.keep",
                                         "checkpoint.resume",
                                         "checkpoint.on_change",
                                         "ranks.transport",
                                         "ranks.timeout_seconds"}));
  EXPECT_EQ(keys(OnResume::compare_data),
            (Keys{"data.train", "data.validation", "data.target", "data.validation_target", "data.weight"}));
  const Keys allowed = keys(OnResume::allow_on_demand);
  EXPECT_EQ(std::count_if(allowed.begin(), allowed.end(),
                          [](const std::string& key) { return key.starts_with("schedule."); }),
            15)
      << "all of the section";
  EXPECT_EQ(allowed.size(), 19u);
  for (const char* key :
       {"optimizer.lr", "optimizer.weight_decay", "optimizer.bias_lr_factor", "train.metric"})
    EXPECT_EQ(on_resume(key), OnResume::allow_on_demand) << key;
}

TEST(SettingsText, HelpHasALineForEachSettingInItsSection) {
  const std::string help = settings_help();
  for (const SettingInfo& setting : settings()) {
    EXPECT_EQ(count(help, "\n  --" + setting.key + "="), 1u) << setting.key;
    EXPECT_EQ(count(help, setting.about), 1u) << setting.key;
  }
  for (const SectionInfo& section : sections())
    EXPECT_EQ(
        count(help, "\n" + (section.name.empty() ? "" : "[" + section.name + "] ") + section.about + "\n"),
        1u);
  EXPECT_EQ(
      count(help,
            "\n  --optimizer.eps=1e-08                Constant that is added to the divisor of adaptive "
            "rules. (a finite number of at least 0)\n"),
      1u);
}

TEST(SettingsText, HelpOfOneSettingSaysAll) {
  EXPECT_EQ(setting_help(*find_setting("optimizer.lr")),
            "optimizer.lr: Learning rate, before the schedule; auto: by the data (docs/defaults.md).\n"
            "  takes    auto or a finite number above 0\n"
            "  default  \"auto\"\n"
            "  flag     --optimizer.lr=auto\n"
            "  file     [optimizer] lr = \"auto\"\n"
            "  also as  lr, learning_rate, learning_rate_init, eta, eta0, shrinkage_rate\n");
  EXPECT_EQ(setting_help(*find_setting("numerics")),
            "numerics: exact: the same bits on every device; fast: tensor cores of a GPU, other bits.\n"
            "  takes    one of exact, fast\n"
            "  default  \"exact\"\n"
            "  flag     --numerics=exact\n"
            "  file     numerics = \"exact\"\n");
}

/// Holds a file of the source folder to `wanted`, or writes it.
void expect_content(const std::string& name, const std::function<std::string(const std::string&)>& wanted) {
  const std::string path = test::source_folder() + name;
  std::ifstream in(path);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const std::string want = wanted(text);
  if (std::getenv("THALWEG_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << want;
  } else {
    EXPECT_EQ(text, want) << "write it with THALWEG_UPDATE_GOLDEN=1";
  }
}

/// "- **Losses**: squared, absolute, ..."
template <class E>
void set_list(std::string& page, const std::string& title) {
  const std::string begin = "- **" + title + "**: ";
  const std::size_t at = page.find(begin);
  ASSERT_NE(at, std::string::npos) << title;
  std::string names;
  for (const Named<E>& entry : kNames<E>) {
    if (entry.name != "auto") names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  page.replace(at, page.find('\n', at) - at, begin + names + ".");
}

TEST(SettingsText, TheDocumentedPageIsMadeFromTheTable) {
  expect_content("docs/settings.md", [](const std::string&) { return settings_markdown(); });
}

TEST(SettingsText, TheReadmeListsTheNamesThatTheProgramTakes) {
  expect_content("README.md", [](std::string page) {
    set_list<DataFormat>(page, "Data formats");
    set_list<Activation>(page, "Activations");
    set_list<Loss>(page, "Losses");
    set_list<Rule>(page, "Optimizers");
    return page;
  });
}

TEST(SettingsText, JsonHoldsTheTable) {
  const auto table = nlohmann::json::parse(settings_json().dump()).at("settings");
  ASSERT_EQ(table.size(), settings().size());
  for (const auto& setting : table) {
    if (setting.at("key") != "optimizer.average") continue;
    EXPECT_EQ(setting,
              (nlohmann::json{{"key", "optimizer.average"},
                              {"section", "optimizer"},
                              {"about", "Average of the parameters over the steps, which becomes the model."},
                              {"type", "choice"},
                              {"takes", "one of none, polyak, ema"},
                              {"default", "\"none\""},
                              {"values", {"none", "polyak", "ema"}},
                              {"other_names", {"average"}}}));
  }
}

}  // namespace
}  // namespace thalweg
