#pragma once
// From raw cells to model inputs: missing values, one-hot columns, scale and shift.
#include "host/data/moments.hpp"
#include "host/data/raw_data.hpp"

namespace thalweg {

/// Whether some column holds texts.
bool has_categories(const FeatureTransform& transform);

/// Columns, categories, imputation (from the rows `fit`) of `raw` into `transform`; the cells' text codes are
/// renumbered to the categories in lexical order.
void fit_columns(RawData& raw, Imputation impute, const std::vector<std::int64_t>& fit,
                 FeatureTransform& transform);
/// Codes of texts and numbers share the cells. Throws DataError for a column that holds one of them where the
/// transform says the other; one without any value may be either.
void require_kinds(const RawData& raw, const FeatureTransform& transform);
/// Renumbers text codes to the transform's categories. A text that is not among them becomes kNoCategory and
/// is counted in a note, or it is an error: DataError.
void match_categories(RawData& raw, const FeatureTransform& transform, Unseen unseen);
inline constexpr std::int32_t kNoCategory = -1;

/// Throws DataError where every cell of a column is missing, so that nothing can replace it.
[[noreturn]] void refuse_empty_column(const RawData& raw, std::int64_t column);
/// Replaces missing cells and counts them, or throws DataError naming the first one and `way_out`; infinities
/// are always an error.
void fill_missing(RawData& raw, const FeatureTransform& transform, const char* way_out);

/// Text columns become one column of 0 and 1 per category; kNoCategory is 0 in all of them.
void expand_one_hot(RawData& raw, const FeatureTransform& transform);

/// What data of the same kind need to become the same features.
void keep_table(const RawData& raw, FeatureTransform& transform);

/// Whether data.standardize asks for it. Throws ConfigError where sparse data cannot have it.
bool wants_standardization(Tristate setting, RawData::Layout layout);
/// scale and shift by the standard deviation and mean of the rows `fit` (population, as scikit-learn). Inputs
/// whose `keep` is set are left as they are.
void fit_standardization(const Dataset& data, const std::vector<std::int64_t>& fit,
                         const std::vector<bool>& keep, FeatureTransform& transform, int threads = 0);
/// The same by the moments of such rows; `bytes`: of uint8 values. `source` is for messages.
void set_scaling(const Moments& moments, bool bytes, const std::vector<bool>& keep, const std::string& source,
                 FeatureTransform& transform);
/// The scale of bytes that are not standardised: 255 becomes 1.
void scale_bytes(std::int64_t features, FeatureTransform& transform);
/// x = fma(x, scale, shift) in place.
void apply_scaling(Dataset& data, int threads = 0);

}  // namespace thalweg
