#pragma once
// The closed sets of choices that settings have, each with its table of names: the only list of those names.
// What the rest of the program has to know of a choice stands beside it. The losses are in loss.hpp.
// Example: choices_example in examples/tour.cpp.
#include <cstdint>

#include "thalweg/names.hpp"

namespace thalweg {

/// Orders of operations: exact has one for every device, fast may use others.
enum class Numerics { exact, fast };
template <>
inline constexpr auto kNames<Numerics> = std::to_array<Named<Numerics>>({{Numerics::exact, "exact"},
                                                                         {Numerics::fast, "fast"}});

/// Yes, no, or what suits the data.
enum class Tristate { automatic, yes, no };
template <>
inline constexpr auto kNames<Tristate> = std::to_array<Named<Tristate>>({{Tristate::automatic, "auto"},
                                                                         {Tristate::yes, "true"},
                                                                         {Tristate::no, "false"}});

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

enum class Activation : std::int32_t { relu, tanh, sigmoid, gelu };  ///< gelu is x Phi(x), by erf
template <>
inline constexpr auto kNames<Activation> = std::to_array<Named<Activation>>({{Activation::relu, "relu"},
                                                                             {Activation::tanh, "tanh"},
                                                                             {Activation::sigmoid, "sigmoid"},
                                                                             {Activation::gelu, "gelu"}});

struct ActivationTraits {
  bool backward_needs_input = false;  ///< the slope takes the input, which is then kept; else the output
  bool rectifier = false;             ///< weights begin with He's variance instead of Glorot's
};

constexpr ActivationTraits traits_of(Activation kind) {
  switch (kind) {
    case Activation::relu:
      return {.rectifier = true};
    case Activation::tanh:
    case Activation::sigmoid:
      return {};
    case Activation::gelu:
      return {.backward_needs_input = true, .rectifier = true};  // mutant: he-for-gelu
  }
  return {};
}

enum class Normalization { none, layer, batch };  ///< over the features of a row, or the rows of a batch
template <>
inline constexpr auto kNames<Normalization> = std::to_array<Named<Normalization>>(
    {{Normalization::none, "none"}, {Normalization::layer, "layer"}, {Normalization::batch, "batch"}});

/// Words that model.init takes besides a path.
enum class Initialisation { automatic, zeros };
template <>
inline constexpr auto kNames<Initialisation> = std::to_array<Named<Initialisation>>(
    {{Initialisation::automatic, "auto"}, {Initialisation::zeros, "zeros"}});

/// Where the bias of the last layer begins.
enum class BiasInit { automatic, zero };
template <>
inline constexpr auto kNames<BiasInit> = std::to_array<Named<BiasInit>>({{BiasInit::automatic, "auto"},
                                                                         {BiasInit::zero, "zero"}});

/// Update rules of the optimizer.
enum class Rule : std::int32_t {
  sgd,
  momentum,
  nesterov,
  adagrad,
  rmsprop,
  adam,
  adamw,
  amsgrad,
  sign,
  lion,
  adams_bashforth,
  ftrl
};
template <>
inline constexpr auto kNames<Rule> = std::to_array<Named<Rule>>({{Rule::sgd, "sgd"},
                                                                 {Rule::momentum, "momentum"},
                                                                 {Rule::nesterov, "nesterov"},
                                                                 {Rule::adagrad, "adagrad"},
                                                                 {Rule::rmsprop, "rmsprop"},
                                                                 {Rule::adam, "adam"},
                                                                 {Rule::adamw, "adamw"},
                                                                 {Rule::amsgrad, "amsgrad"},
                                                                 {Rule::sign, "sign"},
                                                                 {Rule::lion, "lion"},
                                                                 {Rule::adams_bashforth, "adams_bashforth"},
                                                                 {Rule::ftrl, "ftrl"}});

/// Arenas of state that a rule keeps: floats per parameter.
constexpr int state_count(Rule rule) {
  switch (rule) {
    case Rule::sgd:
    case Rule::sign:
      return 0;
    case Rule::momentum:
    case Rule::nesterov:
    case Rule::adagrad:
    case Rule::rmsprop:
    case Rule::lion:
    case Rule::adams_bashforth:
      return 1;
    case Rule::adam:
    case Rule::adamw:
    case Rule::ftrl:
      return 2;
    case Rule::amsgrad:
      return 3;
  }
  return 0;
}

/// The names of these arenas in order, as a checkpoint has them: "layers.0.weight/first_moment". Those
/// behind the last are empty.
constexpr std::array<std::string_view, 3> state_names(Rule rule) {
  switch (rule) {
    case Rule::sgd:
    case Rule::sign:
      return {};
    case Rule::momentum:
    case Rule::nesterov:
      return {"momentum"};
    case Rule::adagrad:
      return {"sum_of_squares"};
    case Rule::rmsprop:
      return {"second_moment"};
    case Rule::adam:
    case Rule::adamw:
      return {"first_moment", "second_moment"};
    case Rule::amsgrad:
      return {"first_moment", "second_moment", "largest_second_moment"};
    case Rule::lion:
      return {"first_moment"};
    case Rule::adams_bashforth:
      return {"last_gradient"};
    case Rule::ftrl:
      return {"adjusted_sum", "sum_of_squares"};
  }
  return {};
}

/// What weights are kept to after each step.
enum class Constraint : std::int32_t { none, non_negative, box, l2_ball, simplex };
template <>
inline constexpr auto kNames<Constraint> =
    std::to_array<Named<Constraint>>({{Constraint::none, "none"},
                                      {Constraint::non_negative, "non_negative"},
                                      {Constraint::box, "box"},
                                      {Constraint::l2_ball, "l2_ball"},
                                      {Constraint::simplex, "simplex"}});

/// Averages of the parameters over the steps.
enum class Averaging { none, polyak, ema };
template <>
inline constexpr auto kNames<Averaging> = std::to_array<Named<Averaging>>({{Averaging::none, "none"},
                                                                           {Averaging::polyak, "polyak"},
                                                                           {Averaging::ema, "ema"}});

/// Shapes of the learning rate over the steps.
enum class ScheduleKind {
  automatic,
  constant,
  inverse_time,
  step,
  exponential,
  polynomial,
  cosine,
  one_cycle,
  plateau
};
template <>
inline constexpr auto kNames<ScheduleKind> =
    std::to_array<Named<ScheduleKind>>({{ScheduleKind::automatic, "auto"},
                                        {ScheduleKind::constant, "constant"},
                                        {ScheduleKind::inverse_time, "inverse_time"},
                                        {ScheduleKind::step, "step"},
                                        {ScheduleKind::exponential, "exponential"},
                                        {ScheduleKind::polynomial, "polynomial"},
                                        {ScheduleKind::cosine, "cosine"},
                                        {ScheduleKind::one_cycle, "one_cycle"},
                                        {ScheduleKind::plateau, "plateau"}});

/// What follows a loss or gradient that is not finite.
enum class SpikePolicy { stop, skip, rollback };
template <>
inline constexpr auto kNames<SpikePolicy> = std::to_array<Named<SpikePolicy>>(
    {{SpikePolicy::stop, "stop"}, {SpikePolicy::skip, "skip"}, {SpikePolicy::rollback, "rollback"}});

/// Unit of per-sample clipping: the whole gradient, each layer's, or the whole scaled to the bound.
enum class ClipMode : std::int32_t { flat, per_layer, automatic };
template <>
inline constexpr auto kNames<ClipMode> = std::to_array<Named<ClipMode>>({{ClipMode::flat, "flat"},
                                                                         {ClipMode::per_layer, "per_layer"},
                                                                         {ClipMode::automatic, "automatic"}});

/// How epsilon is computed: by privacy loss random variables or by Renyi divergences.
enum class Accountant { prv, rdp };
template <>
inline constexpr auto kNames<Accountant> = std::to_array<Named<Accountant>>({{Accountant::prv, "prv"},
                                                                             {Accountant::rdp, "rdp"}});

/// How the rows of a batch are drawn.
enum class Sampling { automatic, poisson, epochs };
template <>
inline constexpr auto kNames<Sampling> = std::to_array<Named<Sampling>>({{Sampling::automatic, "auto"},
                                                                         {Sampling::poisson, "poisson"},
                                                                         {Sampling::epochs, "epochs"}});

/// Words that checkpoint.resume takes besides a path.
enum class Resume { automatic, never };
template <>
inline constexpr auto kNames<Resume> = std::to_array<Named<Resume>>({{Resume::automatic, "auto"},
                                                                     {Resume::never, "never"}});

/// What follows a setting that differs from the one the run began with.
enum class OnChange { error, allow };
template <>
inline constexpr auto kNames<OnChange> = std::to_array<Named<OnChange>>({{OnChange::error, "error"},
                                                                         {OnChange::allow, "allow"}});

}  // namespace thalweg
