// What a config may hold: ranges and names first, section by section, then settings that contradict each
// other.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "host/config/per_sample_rules.hpp"
#include "host/config/rules.hpp"
#include "host/config/values.hpp"
#include "kernels/base/slices.hpp"
#include "thalweg/config.hpp"

namespace thalweg {
namespace {

using namespace config_rules;

bool is_index(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0;
}

void check_device(const std::string& device) {
  if (device.starts_with("cuda:") && is_index(std::string_view(device).substr(5))) return;
  if (device.starts_with("cpu:")) return;  // one instruction set; the context knows which there are
  one_of("device", device, {"auto", "cpu", "cuda", "cuda:0", "reference"});
}

/// "begin:end", either side may be left out.
void check_row_range(std::string_view key, const std::string& rows) {
  if (rows.empty()) return;
  const std::size_t colon = rows.find(':');
  const std::string_view text = rows;
  if (colon != std::string::npos) {
    const std::string_view first = text.substr(0, colon), last = text.substr(colon + 1);
    std::int64_t begin = 0, end = std::numeric_limits<std::int64_t>::max();
    const bool good = (first.empty() || is_index(first)) && (last.empty() || is_index(last));
    if (good && !first.empty()) std::from_chars(first.data(), first.data() + first.size(), begin);
    if (good && !last.empty()) std::from_chars(last.data(), last.data() + last.size(), end);
    if (good && begin < end) return;
  }
  refuse(fmt::format("{} = \"{}\": wanted \"begin:end\" with begin < end, counted from 0, such as \"0:8000\"",
                     key, rows));
}

void check_class_weight(const std::string& text) {
  if (text == "none" || text == "balanced") return;
  std::vector<std::string> items;
  bool good = value_from_text(text, items) && !items.empty();
  for (const std::string& item : items) {
    double weight = 0;
    good = good && value_from_text(item, weight) && std::isfinite(weight) && weight >= 0;
  }
  if (good) return;
  refuse(
      fmt::format("data.class_weight = \"{}\": wanted none, balanced or one weight per class, such as "
                  "\"0.5,2\"",
                  text));
}

void check_data(const DataConfig& c) {
  one_of("data.format", c.format, {"auto", "npy", "npz", "csv", "tsv", "libsvm", "idx"});
  check_class_weight(c.class_weight);
  one_of("data.header", c.header, {"auto", "yes", "no"});
  one_of("data.delimiter", c.delimiter, {"auto", "comma", "semicolon", "tab", "space"});
  check_row_range("data.train_rows", c.train_rows);
  check_row_range("data.test_rows", c.test_rows);
  at_least("data.features", c.features, 0);
  one_of("data.index_base", c.index_base, {"auto", "0", "1"});
  within("data.validation_fraction", c.validation_fraction, {0}, open(1));  // mutant: fraction-below-one
  one_of("data.standardize", c.standardize, {"auto", "true", "false"});
  one_of("data.impute", c.impute, {"error", "mean", "median"});
  one_of("data.fingerprint", c.fingerprint, {"sampled", "full"});
}

void check_model(const ModelConfig& c) {
  for (const std::int64_t width : c.hidden) at_least("model.hidden", width, 1);
  one_of("model.activation", c.activation, {"relu", "tanh", "sigmoid", "gelu"});
  one_of("model.loss", c.loss,
         {"auto", "squared", "absolute", "huber", "quantile", "poisson", "logistic", "hinge", "squared_hinge",
          "softmax_cross_entropy"});
  above("model.huber_delta", c.huber_delta, 0);
  within("model.quantile", c.quantile, open(0), open(1));
  within("model.label_smoothing", c.label_smoothing, {0}, open(1));
  within("model.dropout", c.dropout, {0}, open(1));
  one_of("model.normalization", c.normalization, {"none", "layer", "batch"});
  if (c.init.empty()) refuse("model.init is empty: wanted auto, zeros or a model.safetensors");

  if (c.label_smoothing > 0 && c.loss != "auto" && c.loss != "softmax_cross_entropy") {
    refuse(fmt::format("model.label_smoothing = {} needs model.loss = softmax_cross_entropy, got {}",
                       c.label_smoothing, c.loss));
  }
  if (c.hidden.empty() && c.dropout > 0) {
    refuse(fmt::format("model.dropout = {} acts on hidden layers; model.hidden is empty", c.dropout));
  }
  if (c.hidden.empty() && c.normalization != "none") {
    refuse(fmt::format("model.normalization = {} acts on hidden layers; model.hidden is empty",
                       c.normalization));
  }
}

void check_constraint(const OptimizerConfig& c) {
  one_of("optimizer.constraint", c.constraint, {"none", "non_negative", "box", "l2_ball", "simplex"});
  if (std::isnan(c.lower)) refuse("optimizer.lower = nan: wanted a number");
  if (std::isnan(c.upper)) refuse("optimizer.upper = nan: wanted a number");
  if (c.constraint == "box" && !(c.lower <= c.upper)) {
    refuse(fmt::format("optimizer.lower = {} is above optimizer.upper = {}", c.lower, c.upper));
  }
  if (c.constraint == "l2_ball" || c.constraint == "simplex") above("optimizer.upper", c.upper, 0);
}

void check_optimizer(const OptimizerConfig& c) {
  one_of("optimizer.name", c.name,
         {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "amsgrad", "sign", "lion",
          "adams_bashforth", "ftrl"});
  above("optimizer.lr", c.lr, 0);
  within("optimizer.momentum", c.momentum, {0}, open(1));
  within("optimizer.beta1", c.beta1, {0}, open(1));
  within("optimizer.beta2", c.beta2, {0}, open(1));
  at_least("optimizer.eps", c.eps, 0);
  at_least("optimizer.beta", c.beta, 0);
  at_least("optimizer.weight_decay", c.weight_decay, 0);
  at_least("optimizer.l1", c.l1, 0);
  at_least("optimizer.l2", c.l2, 0);
  at_least("optimizer.clip_norm", c.clip_norm, 0);
  check_constraint(c);
  at_least("optimizer.bias_lr_factor", c.bias_lr_factor, 0);
  one_of("optimizer.average", c.average, {"none", "polyak", "ema"});
  within("optimizer.ema_decay", c.ema_decay, {0}, open(1));
  at_least("optimizer.average_from", c.average_from, 0);
  one_of("optimizer.lazy", c.lazy, {"auto", "true", "false"});

  if (c.average != "none" && c.lazy == "true") {
    refuse(
        fmt::format("optimizer.average = {} changes every parameter in every step; optimizer.lazy = true "
                    "forbids that",
                    c.average));
  }
  if (c.name == "ftrl" && c.weight_decay > 0) {
    refuse(
        "optimizer.weight_decay does not apply to ftrl, which computes each parameter anew; use "
        "optimizer.l2");
  }
}

void check_schedule(const ScheduleConfig& c, double lr) {
  one_of("schedule.name", c.name,
         {"constant", "inverse_time", "step", "exponential", "polynomial", "cosine", "one_cycle", "plateau"});
  at_least("schedule.warmup_steps", c.warmup_steps, 0);
  within("schedule.warmup_start", c.warmup_start, {0}, {1});
  at_least("schedule.decay", c.decay, 0);
  within("schedule.gamma", c.gamma, open(0), {1});
  at_least("schedule.step_size", c.step_size, 0);
  above("schedule.power", c.power, 0);
  at_least("schedule.min_lr", c.min_lr, 0);
  at_least("schedule.cycle_steps", c.cycle_steps, 0);
  at_least("schedule.cycle_factor", c.cycle_factor, 1);
  at_least("schedule.max_lr_start_factor", c.max_lr_start_factor, 1);
  at_least("schedule.max_lr_end_factor", c.max_lr_end_factor, 1);
  within("schedule.rise_fraction", c.rise_fraction, {0}, {1});
  at_least("schedule.patience", c.patience, 0);
  at_least("schedule.threshold", c.threshold, 0);

  if (c.name == "inverse_time" && c.decay == 0) {
    refuse("schedule.name = inverse_time needs schedule.decay above 0: lr / (1 + decay * step)");
  }
  if (c.name == "plateau" && c.gamma == 1) {
    refuse("schedule.gamma = 1 never lowers the rate; the plateau schedule wants it below 1");
  }
  // mutant: floor-below-rate
  const bool floored = c.name == "polynomial" || c.name == "cosine" || c.name == "plateau";
  if (floored && c.min_lr > lr) {
    refuse(fmt::format("schedule.min_lr = {} is above optimizer.lr = {}", c.min_lr, lr));
  }
}

void check_train(const TrainConfig& c) {
  at_least("train.epochs", c.epochs, 0);
  at_least("train.max_steps", c.max_steps, 0);
  at_least("train.batch_size", c.batch_size, 1);
  at_least("train.micro_batch", c.micro_batch, 0);
  at_least("train.reduction_slices", c.reduction_slices, 1);
  at_most("train.reduction_slices", c.reduction_slices, kMaxSlices);
  at_least("train.threads", c.threads, 0);
  at_most("train.threads", c.threads, 4096);  // mutant: threads-bounded
  at_least("train.patience", c.patience, 0);
  at_least("train.gradient_tolerance", c.gradient_tolerance, 0);
  at_least("train.loss_tolerance", c.loss_tolerance, 0);
  at_least("train.max_seconds", c.max_seconds, 0);
  one_of("train.on_spike", c.on_spike, {"stop", "skip", "rollback"});
  at_least("train.log_every_steps", c.log_every_steps, 0);

  if (c.epochs == 0 && c.max_steps == 0) {
    refuse("train.epochs = 0 and train.max_steps = 0: nothing would end the run; set one of them");
  }
  if (c.micro_batch > c.batch_size) {
    refuse(fmt::format("train.micro_batch = {} is above train.batch_size = {}", c.micro_batch, c.batch_size));
  }
}

void check_contradictions(const Config& c) {
  check_private_training(c);
  if (c.data.standardize_target && c.model.loss == "poisson") {
    refuse(
        "data.standardize_target = true makes counts negative; model.loss = poisson needs them as they are");
  }
  const bool splits = c.train.micro_batch > 0 && c.train.micro_batch < c.train.batch_size;
  if (splits && c.model.normalization == "batch") {
    refuse(
        fmt::format("train.micro_batch = {} splits the batch of {}, whose statistics model.normalization = "
                    "batch needs whole; use layer normalization or micro_batch = 0",
                    c.train.micro_batch, c.train.batch_size));
  }
  if (c.out.empty() && c.checkpoint.every_steps > 0) {
    refuse(fmt::format("checkpoint.every_steps = {} needs a folder to write to: set out",
                       c.checkpoint.every_steps));
  }
  if (c.out.empty() && c.train.on_spike == "rollback") {
    refuse("train.on_spike = rollback needs a folder for the checkpoints to go back to: set out");
  }
}

}  // namespace

void validate_config(const Config& c) {
  at_least("seed", c.seed, 0);
  check_device(c.device);
  one_of("numerics", c.numerics, {"exact", "fast"});
  check_data(c.data);
  check_model(c.model);
  check_optimizer(c.optimizer);
  check_schedule(c.schedule, c.optimizer.lr);
  check_train(c.train);
  check_per_sample(c);
  at_least("checkpoint.every_steps", c.checkpoint.every_steps, 0);
  at_least("checkpoint.every_epochs", c.checkpoint.every_epochs, -1);
  at_least("checkpoint.keep", c.checkpoint.keep, 1);
  if (c.checkpoint.resume.empty()) refuse("checkpoint.resume is empty: wanted auto, never or a path");
  check_contradictions(c);
}

}  // namespace thalweg
