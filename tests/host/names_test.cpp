// The tables of names: each member of a set of choices has one name, and the name finds it again.
#include "thalweg/names.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "host/config/other_names.hpp"

namespace thalweg {
namespace {

template <class E>
class Names : public testing::Test {};

using Choices =
    testing::Types<Numerics, Tristate, DataFormat, ClassWeighting, Header, Delimiter, IndexBase, Imputation,
                   FingerprintRows, Activation, Normalization, Initialisation, Rule, Constraint, Averaging,
                   ScheduleKind, SpikePolicy, ClipMode, Accountant, Sampling, Resume, Loss>;
TYPED_TEST_SUITE(Names, Choices);

TYPED_TEST(Names, StandInTheOrderOfTheEnumAndFindTheirMembers) {
  int next = 0;
  std::set<std::string_view> seen;
  for (const Named<TypeParam>& entry : kNames<TypeParam>) {
    EXPECT_EQ(static_cast<int>(entry.value), next++) << entry.name;
    EXPECT_TRUE(seen.insert(entry.name).second) << entry.name << " stands twice";
    EXPECT_EQ(name_of(entry.value), entry.name);
    EXPECT_EQ(value_named<TypeParam>(entry.name), entry.value);
  }
  EXPECT_EQ(name_of(static_cast<TypeParam>(next)), "") << "no member has the next number";
  EXPECT_EQ(value_named<TypeParam>("nothing"), std::nullopt);
}

TYPED_TEST(Names, AreNotAmongTheNamesOfOtherTools) {
  for (const Named<TypeParam>& other : kOtherNames<TypeParam>)
    EXPECT_EQ(value_named<TypeParam>(other.name), std::nullopt) << other.name;
  for (const Named<TypeParam>& spelling : kSpellings<TypeParam>)
    EXPECT_EQ(value_named<TypeParam>(spelling.name), std::nullopt) << spelling.name;
}

TEST(Names, OfAFewChoicesAreWhatConfigFilesHold) {
  EXPECT_EQ(name_of(Rule::adams_bashforth), "adams_bashforth");
  EXPECT_EQ(name_of(Tristate::yes), "true");
  EXPECT_EQ(name_of(Header::yes), "yes");
  EXPECT_EQ(name_of(IndexBase::one), "1");
  EXPECT_EQ(name_of(ClipMode::automatic), "automatic");
  EXPECT_EQ(name_of(Loss::automatic), "auto");
}

}  // namespace
}  // namespace thalweg
