#pragma once
// What other tools, and habit, call a choice. A spelling is accepted; another name is answered with the names
// that may be meant.
#include <array>
#include <string_view>

#include "thalweg/choices.hpp"
#include "thalweg/loss.hpp"

namespace thalweg {

/// Spellings that are read as a choice.
template <NamedEnum E>
inline constexpr std::array<Named<E>, 0> kSpellings{};

template <>
inline constexpr auto kSpellings<Tristate> =
    // mutant: lazy-yes-or-no
    std::to_array<Named<Tristate>>({{Tristate::yes, "yes"}, {Tristate::no, "no"}});
template <>
inline constexpr auto kSpellings<Header> = std::to_array<Named<Header>>({{Header::yes, "true"},
                                                                         {Header::no, "false"}});

/// Names that are not accepted; one that stands here twice may mean either choice.
template <NamedEnum E>
inline constexpr std::array<Named<E>, 0> kOtherNames{};

template <>
inline constexpr auto kOtherNames<Numerics> =
    std::to_array<Named<Numerics>>({{Numerics::exact, "deterministic"},
                                    {Numerics::exact, "float32"},
                                    {Numerics::exact, "fp32"},
                                    {Numerics::fast, "tf32"},
                                    {Numerics::fast, "approximate"}});
template <>
inline constexpr auto kOtherNames<Tristate> = std::to_array<Named<Tristate>>({{Tristate::yes, "on"},
                                                                              {Tristate::yes, "1"},
                                                                              {Tristate::no, "off"},
                                                                              {Tristate::no, "0"},
                                                                              {Tristate::no, "none"}});
template <>
inline constexpr auto kOtherNames<Header> = std::to_array<Named<Header>>({{Header::yes, "on"},
                                                                          {Header::yes, "1"},
                                                                          {Header::yes, "infer"},
                                                                          {Header::no, "off"},
                                                                          {Header::no, "0"},
                                                                          {Header::no, "none"}});
template <>
inline constexpr auto kOtherNames<DataFormat> =
    std::to_array<Named<DataFormat>>({{DataFormat::libsvm, "svmlight"},
                                      {DataFormat::libsvm, "svm"},
                                      {DataFormat::npy, "numpy"},
                                      {DataFormat::csv, "text"},
                                      {DataFormat::idx, "mnist"},
                                      {DataFormat::idx, "ubyte"}});
template <>
inline constexpr auto kOtherNames<Delimiter> = std::to_array<Named<Delimiter>>({{Delimiter::comma, ","},
                                                                                {Delimiter::semicolon, ";"},
                                                                                {Delimiter::tab, "\t"},
                                                                                {Delimiter::tab, "\\t"},
                                                                                {Delimiter::space, " "},
                                                                                {Delimiter::space, "blank"},
                                                                                {Delimiter::space,
                                                                                 "whitespace"},
                                                                                {Delimiter::bar, "|"},
                                                                                {Delimiter::bar, "pipe"}});
template <>
inline constexpr auto kOtherNames<Decimal> = std::to_array<Named<Decimal>>({{Decimal::point, "."},
                                                                            {Decimal::comma, ","}});
template <>
inline constexpr auto kOtherNames<Thousands> = std::to_array<Named<Thousands>>({{Thousands::comma, ","},
                                                                                {Thousands::point, "."},
                                                                                {Thousands::space, " "},
                                                                                {Thousands::apostrophe,
                                                                                 "'"}});
template <>
inline constexpr auto kOtherNames<Unseen> = std::to_array<Named<Unseen>>({{Unseen::error, "raise"},
                                                                          {Unseen::error, "refuse"}});
template <>
inline constexpr auto kOtherNames<OnChange> = std::to_array<Named<OnChange>>({{OnChange::error, "raise"},
                                                                              {OnChange::error, "refuse"}});
template <>
inline constexpr auto kOtherNames<Imputation> =
    std::to_array<Named<Imputation>>({{Imputation::error, "none"},
                                      {Imputation::error, "off"},
                                      {Imputation::error, "raise"},
                                      {Imputation::mean, "average"}});
template <>
inline constexpr auto kOtherNames<FingerprintRows> = std::to_array<Named<FingerprintRows>>(
    {{FingerprintRows::sampled, "sample"}, {FingerprintRows::full, "all"}});
template <>
inline constexpr auto kOtherNames<Activation> =
    std::to_array<Named<Activation>>({{Activation::sigmoid, "logistic"}, {Activation::relu, "rectifier"}});
template <>
inline constexpr auto kOtherNames<Normalization> =
    std::to_array<Named<Normalization>>({{Normalization::layer, "layer_norm"},
                                         {Normalization::layer, "layernorm"},
                                         {Normalization::layer, "ln"},
                                         {Normalization::batch, "batch_norm"},
                                         {Normalization::batch, "batchnorm"},
                                         {Normalization::batch, "bn"},
                                         {Normalization::none, "off"},
                                         {Normalization::none, "no"},
                                         {Normalization::none, "false"}});
template <>
inline constexpr auto kOtherNames<Loss> =
    std::to_array<Named<Loss>>({{Loss::squared, "mse"},
                                {Loss::squared, "l2"},
                                {Loss::squared, "mse_loss"},
                                {Loss::squared, "squared_error"},
                                {Loss::squared, "mean_squared_error"},
                                {Loss::squared, "regression"},
                                {Loss::squared, "reg:squarederror"},
                                {Loss::absolute, "mae"},
                                {Loss::absolute, "l1"},
                                {Loss::absolute, "l1_loss"},
                                {Loss::absolute, "absolute_error"},
                                {Loss::absolute, "mean_absolute_error"},
                                {Loss::absolute, "regression_l1"},
                                {Loss::huber, "smooth_l1"},
                                {Loss::huber, "huber_loss"},
                                {Loss::quantile, "pinball"},
                                {Loss::poisson, "count:poisson"},
                                {Loss::poisson, "poisson_nll_loss"},
                                {Loss::logistic, "bce"},
                                {Loss::logistic, "bce_with_logits"},
                                {Loss::logistic, "binary_cross_entropy"},
                                {Loss::logistic, "binary_crossentropy"},
                                {Loss::logistic, "binary_logloss"},
                                {Loss::logistic, "binary:logistic"},
                                {Loss::logistic, "binary"},
                                {Loss::logistic, "log"},
                                {Loss::logistic, "log_loss"},
                                {Loss::softmax_cross_entropy, "log_loss"},
                                {Loss::logistic, "logloss"},
                                {Loss::softmax_cross_entropy, "logloss"},
                                {Loss::logistic, "nll"},
                                {Loss::softmax_cross_entropy, "nll"},
                                {Loss::logistic, "cross_entropy"},
                                {Loss::softmax_cross_entropy, "cross_entropy"},
                                {Loss::logistic, "crossentropy"},
                                {Loss::softmax_cross_entropy, "crossentropy"},
                                {Loss::softmax_cross_entropy, "softmax"},
                                {Loss::softmax_cross_entropy, "multiclass"},
                                {Loss::softmax_cross_entropy, "multi:softmax"},
                                {Loss::softmax_cross_entropy, "multi:softprob"},
                                {Loss::softmax_cross_entropy, "categorical_crossentropy"},
                                {Loss::softmax_cross_entropy, "sparse_categorical_crossentropy"},
                                {Loss::hinge, "svm"}});
template <>
inline constexpr auto kOtherNames<Rule> = std::to_array<Named<Rule>>({{Rule::sgd, "gd"},
                                                                      {Rule::sgd, "vanilla"},
                                                                      {Rule::momentum, "sgd_momentum"},
                                                                      {Rule::momentum, "heavy_ball"},
                                                                      {Rule::nesterov, "nag"},
                                                                      {Rule::nesterov, "nesterov_momentum"},
                                                                      {Rule::rmsprop, "rms"},
                                                                      {Rule::sign, "signsgd"},
                                                                      {Rule::sign, "sign_sgd"},
                                                                      {Rule::ftrl, "ftrl_proximal"}});
template <>
inline constexpr auto kOtherNames<Constraint> =
    std::to_array<Named<Constraint>>({{Constraint::none, "off"},
                                      {Constraint::non_negative, "positive"},
                                      {Constraint::non_negative, "nonnegative"},
                                      {Constraint::box, "bounds"},
                                      {Constraint::l2_ball, "l2"},
                                      {Constraint::l2_ball, "max_norm"},
                                      {Constraint::simplex, "probability_simplex"}});
template <>
inline constexpr auto kOtherNames<Averaging> = std::to_array<Named<Averaging>>({{Averaging::none, "off"},
                                                                                {Averaging::none, "false"},
                                                                                {Averaging::polyak, "asgd"},
                                                                                {Averaging::polyak, "swa"},
                                                                                {Averaging::polyak, "mean"},
                                                                                {Averaging::ema,
                                                                                 "exponential"}});
template <>
inline constexpr auto kOtherNames<ScheduleKind> =
    std::to_array<Named<ScheduleKind>>({{ScheduleKind::constant, "none"},
                                        {ScheduleKind::constant, "off"},
                                        {ScheduleKind::constant, "fixed"},
                                        {ScheduleKind::inverse_time, "inv"},
                                        {ScheduleKind::inverse_time, "invscaling"},
                                        {ScheduleKind::step, "step_lr"},
                                        {ScheduleKind::step, "multistep"},
                                        {ScheduleKind::exponential, "exponential_lr"},
                                        {ScheduleKind::polynomial, "linear"},
                                        {ScheduleKind::polynomial, "poly"},
                                        {ScheduleKind::cosine, "cosine_annealing"},
                                        {ScheduleKind::cosine, "sgdr"},
                                        {ScheduleKind::one_cycle, "onecycle"},
                                        {ScheduleKind::plateau, "reduce_on_plateau"},
                                        {ScheduleKind::plateau, "reduce_lr_on_plateau"}});
template <>
inline constexpr auto kOtherNames<SpikePolicy> =
    std::to_array<Named<SpikePolicy>>({{SpikePolicy::stop, "error"},
                                       {SpikePolicy::stop, "raise"},
                                       {SpikePolicy::skip, "ignore"},
                                       {SpikePolicy::rollback, "restore"}});
template <>
inline constexpr auto kOtherNames<Accountant> = std::to_array<Named<Accountant>>({{Accountant::rdp, "renyi"},
                                                                                  {Accountant::prv, "gdp"}});
template <>
inline constexpr auto kOtherNames<Sampling> =
    std::to_array<Named<Sampling>>({{Sampling::epochs, "shuffle"}, {Sampling::poisson, "uniform"}});

}  // namespace thalweg
