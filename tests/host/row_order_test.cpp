// The order of the rows that a run has, by its settings and its data.
#include "host/run/row_order.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "host/data/row_store.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

/// Rows that nobody reads.
class FormOfStore : public RowStore {
 public:
  explicit FormOfStore(const StoredForm& form) : form_(form) {}
  const StoredForm& form() const override { return form_; }
  void read(std::int64_t, std::int64_t, FeatureRows&) const override { FAIL() << "the form is enough"; }

 private:
  StoredForm form_;
};

Dataset stored(const StoredForm& form) {
  Dataset data;
  data.rows = form.rows, data.features = form.features, data.sparse = form.sparse;
  data.store = std::make_shared<FormOfStore>(form);
  return data;
}

Dataset dense(std::int64_t features) {
  Dataset data;
  data.rows = 2, data.features = features;
  data.dense_f32.resize(static_cast<std::size_t>(2 * features));
  return data;
}

Dataset sparse() {
  Dataset data;
  data.rows = 4, data.features = 100, data.sparse = true;
  data.offsets = {0, 3, 3, 8, 11};
  return data;
}

Config with(RowOrder order) {
  Config config;
  config.data.order = order;
  return config;
}

TEST(RowOrder, BlocksHaveTheRowsOf128KiBAndWindowsTogether128MiB) {
  // 131072 / 400 = 327.68; 2^27 / (327 * 400) = 1026.1, / 8 = 128.2
  EXPECT_EQ(block_order_of(with(RowOrder::blocks), dense(100)), (BlockOrder{327, 128, 8}));
  Dataset bytes = dense(784);
  bytes.dense_u8.resize(2 * 784), bytes.dense_f32.clear();
  EXPECT_EQ(block_order_of(with(RowOrder::blocks), bytes), (BlockOrder{167, 128, 8}));
  // 11 entries of 4 rows: 16 + 8 * 2 bytes
  EXPECT_EQ(block_order_of(with(RowOrder::blocks), sparse()), (BlockOrder{4096, 128, 8}));
}

TEST(RowOrder, IsThatOfTheSameRowsOnTheDisk) {
  const Config config = with(RowOrder::blocks);
  EXPECT_EQ(block_order_of(config, stored({.rows = 2, .features = 100})), (BlockOrder{327, 128, 8}));
  EXPECT_EQ(block_order_of(config, stored({.rows = 2, .features = 784, .dtype = DType::u8})),
            (BlockOrder{167, 128, 8}));
  EXPECT_EQ(block_order_of(config, stored({.rows = 4, .features = 100, .sparse = true, .entries = 11})),
            (BlockOrder{4096, 128, 8}));
}

TEST(RowOrder, BlocksAndWindowsHaveAtLeastOneRowAndOneBlock) {
  Config config = with(RowOrder::blocks);
  config.data.block_bytes = 399;
  config.data.window_bytes = 1;
  config.train.reduction_slices = 3;
  EXPECT_EQ(block_order_of(config, dense(100)), (BlockOrder{1, 1, 3}));
  config.data.block_bytes = 800;
  config.data.window_bytes = 800 * 6 - 1;
  EXPECT_EQ(block_order_of(config, dense(100)), (BlockOrder{2, 1, 3}));
  config.data.window_bytes = 800 * 6;
  EXPECT_EQ(block_order_of(config, dense(100)), (BlockOrder{2, 2, 3}));
  config.data.block_bytes = 7;
  EXPECT_EQ(block_order_of(config, dense(0)).block_rows, 7) << "a row without features counts as a byte";
}

TEST(RowOrder, AutoTakesBlocksForShortRowsOf8GiBOnTheDisk) {
  const auto takes_blocks = [](const Dataset& data) {
    return block_order_of(with(RowOrder::automatic), data).block_rows > 0;
  };
  EXPECT_TRUE(takes_blocks(stored({.rows = 8 * kGiB / 2048, .features = 512})));
  EXPECT_FALSE(takes_blocks(stored({.rows = 8 * kGiB / 2048 - 1, .features = 512})));
  EXPECT_TRUE(takes_blocks(stored({.rows = 8 * kGiB, .features = 1023})));
  EXPECT_FALSE(takes_blocks(stored({.rows = 8 * kGiB, .features = 1024})));
  Dataset in_memory = stored({.rows = 8 * kGiB, .features = 512});
  in_memory.store = nullptr;
  EXPECT_FALSE(takes_blocks(in_memory));
}

TEST(RowOrder, HasNoBlocksWhereNoEpochIsPermuted) {
  EXPECT_EQ(block_order_of(with(RowOrder::rows), stored({.rows = 8 * kGiB, .features = 512})), BlockOrder{});
  Config in_order = with(RowOrder::blocks);
  in_order.train.shuffle = false;
  EXPECT_EQ(block_order_of(in_order, dense(100)), BlockOrder{});
  Config drawn = with(RowOrder::automatic);
  drawn.per_sample.clip_norm = 1;
  drawn.per_sample.sampling = Sampling::poisson;
  EXPECT_EQ(block_order_of(drawn, stored({.rows = 8 * kGiB, .features = 512})), BlockOrder{});
}

}  // namespace
}  // namespace thalweg
