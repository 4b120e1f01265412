#pragma once
// The closed sets of the section [data], each with its table of names (choices.hpp).
#include "thalweg/names.hpp"

namespace thalweg {

enum class DataFormat { automatic, npy, npz, csv, tsv, libsvm, idx, vw, parquet };
template <>
inline constexpr auto kNames<DataFormat> = std::to_array<Named<DataFormat>>({{DataFormat::automatic, "auto"},
                                                                             {DataFormat::npy, "npy"},
                                                                             {DataFormat::npz, "npz"},
                                                                             {DataFormat::csv, "csv"},
                                                                             {DataFormat::tsv, "tsv"},
                                                                             {DataFormat::libsvm, "libsvm"},
                                                                             {DataFormat::idx, "idx"},
                                                                             {DataFormat::vw, "vw"},
                                                                             {DataFormat::parquet,
                                                                              "parquet"}});

/// The order of the rows in an epoch (docs/numerics.md).
enum class RowOrder { automatic, rows, blocks };
template <>
inline constexpr auto kNames<RowOrder> = std::to_array<Named<RowOrder>>({{RowOrder::automatic, "auto"},
                                                                         {RowOrder::rows, "rows"},
                                                                         {RowOrder::blocks, "blocks"}});

/// Words that data.class_weight takes besides a list of weights.
enum class ClassWeighting { none, balanced };
template <>
inline constexpr auto kNames<ClassWeighting> = std::to_array<Named<ClassWeighting>>(
    {{ClassWeighting::none, "none"}, {ClassWeighting::balanced, "balanced"}});

/// Whether the first line of a CSV file names the columns.
enum class Header { automatic, yes, no };
template <>
inline constexpr auto kNames<Header> =
    std::to_array<Named<Header>>({{Header::automatic, "auto"}, {Header::yes, "yes"}, {Header::no, "no"}});

enum class Delimiter { automatic, comma, semicolon, tab, space, bar };
template <>
inline constexpr auto kNames<Delimiter> = std::to_array<Named<Delimiter>>({{Delimiter::automatic, "auto"},
                                                                           {Delimiter::comma, "comma"},
                                                                           {Delimiter::semicolon,
                                                                            "semicolon"},
                                                                           {Delimiter::tab, "tab"},
                                                                           {Delimiter::space, "space"},
                                                                           {Delimiter::bar, "bar"}});

/// The first feature index of a libsvm file.
enum class IndexBase { automatic, zero, one };
template <>
inline constexpr auto kNames<IndexBase> = std::to_array<Named<IndexBase>>({{IndexBase::automatic, "auto"},
                                                                           {IndexBase::zero, "0"},
                                                                           {IndexBase::one, "1"}});

/// The decimal mark of the numbers in a text file.
enum class Decimal { point, comma };
template <>
inline constexpr auto kNames<Decimal> = std::to_array<Named<Decimal>>({{Decimal::point, "point"},
                                                                       {Decimal::comma, "comma"}});

/// The mark between the thousands of the numbers in a text file.
enum class Thousands { none, comma, point, space, apostrophe };
template <>
inline constexpr auto kNames<Thousands> = std::to_array<Named<Thousands>>({{Thousands::none, "none"},
                                                                           {Thousands::comma, "comma"},
                                                                           {Thousands::point, "point"},
                                                                           {Thousands::space, "space"},
                                                                           {Thousands::apostrophe,
                                                                            "apostrophe"}});

/// What follows a category or a feature index that the training data did not have.
enum class Unseen { ignore, error };
template <>
inline constexpr auto kNames<Unseen> = std::to_array<Named<Unseen>>({{Unseen::ignore, "ignore"},
                                                                     {Unseen::error, "error"}});

/// What stands in for a missing value.
enum class Imputation { error, mean, median };
template <>
inline constexpr auto kNames<Imputation> = std::to_array<Named<Imputation>>({{Imputation::error, "error"},
                                                                             {Imputation::mean, "mean"},
                                                                             {Imputation::median, "median"}});

/// The rows that identify a data set on resume.
enum class FingerprintRows { sampled, full };
template <>
inline constexpr auto kNames<FingerprintRows> = std::to_array<Named<FingerprintRows>>(
    {{FingerprintRows::sampled, "sampled"}, {FingerprintRows::full, "full"}});

}  // namespace thalweg
