#pragma once
// Every setting of a run, once: each struct lists its fields in `fields`, and the TOML file, the command line
// flags, the resolved config and the comparison on resume are all made from that list.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/read_progress.hpp"

namespace thalweg {

struct DataConfig {
  std::string train, test;      ///< files; evaluate and predict take `test` the same way
  std::string format = "auto";  ///< auto | npy | npz | csv | tsv | libsvm | idx
  std::string target;       ///< CSV: column by name or index (empty: last column); npy, idx: file of labels
  std::string test_target;  ///< npy, idx: file of the test labels
  std::string weight;       ///< column or file of sample weights
  std::string class_weight = "none";  ///< none | balanced | "0.5,2" in class order
  std::string header = "auto";        ///< auto | yes | no
  std::string delimiter = "auto";     ///< auto | comma | semicolon | tab | space
  std::vector<std::string> ignore;    ///< CSV columns to leave out
  std::string train_rows, test_rows;  ///< "begin:end" row range of the source; empty: all of it
  std::int64_t features = 0;          ///< libsvm: number of features; 0: the largest index seen
  std::string index_base = "auto";    ///< libsvm: auto | 0 | 1
  double validation_fraction = 0.0;
  std::string standardize = "auto";     ///< auto (dense: yes, sparse and uint8: no) | true | false
  bool standardize_target = false;      ///< train on (y - mean) / deviation; regression other than poisson
  std::string impute = "error";         ///< error | mean | median
  std::string fingerprint = "sampled";  ///< sampled | full: what resume compares

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v("train", c.train), v("test", c.test), v("format", c.format), v("target", c.target);
    v("test_target", c.test_target), v("weight", c.weight), v("class_weight", c.class_weight);
    v("header", c.header), v("delimiter", c.delimiter), v("ignore", c.ignore);
    v("train_rows", c.train_rows), v("test_rows", c.test_rows), v("features", c.features);
    v("index_base", c.index_base), v("validation_fraction", c.validation_fraction);
    v("standardize", c.standardize), v("standardize_target", c.standardize_target), v("impute", c.impute),
        v("fingerprint", c.fingerprint);
  }
};

struct ModelConfig {
  std::vector<std::int64_t> hidden;  ///< empty: a linear model
  std::string activation = "relu";   ///< relu | tanh | sigmoid | gelu
  std::string loss = "auto";  ///< auto: softmax_cross_entropy for more than two classes, logistic for two,
                              ///< squared for numbers
  double huber_delta = 1.0;
  double quantile = 0.5;
  double label_smoothing = 0.0;
  double dropout = 0.0;
  std::string normalization = "none";  ///< none | layer | batch
  bool bias = true;
  std::string init =
      "auto";  ///< auto (He/Xavier, Philox; linear models start at zero) | zeros | a model.safetensors

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v("hidden", c.hidden), v("activation", c.activation), v("loss", c.loss), v("huber_delta", c.huber_delta);
    v("quantile", c.quantile), v("label_smoothing", c.label_smoothing), v("dropout", c.dropout);
    v("normalization", c.normalization), v("bias", c.bias), v("init", c.init);
  }
};

struct OptimizerConfig {
  std::string name = "adamw";  ///< a Rule
  double lr = 1e-3;
  double momentum = 0.9;              ///< momentum, nesterov
  double beta1 = 0.9, beta2 = 0.999;  ///< Adam family, lion; rmsprop's alpha is beta2
  double eps = 1e-8;
  double beta = 1.0;          ///< ftrl's beta
  double weight_decay = 0.0;  ///< decoupled
  double l1 = 0.0, l2 = 0.0;  ///< proximal; coupled
  bool decay_bias_and_norm = false;
  double clip_norm = 0.0;            ///< global gradient norm; 0: off
  std::string constraint = "none";   ///< none | non_negative | box | l2_ball | simplex (weights only)
  double lower = -1.0, upper = 1.0;  ///< of box; radius or sum in upper
  double bias_lr_factor = 1.0;
  std::string average = "none";  ///< none | polyak | ema
  double ema_decay = 0.999;
  std::int64_t average_from = 0;  ///< first step that polyak averages
  std::string lazy = "auto";      ///< sparse input: auto, true: only touched features are updated | false

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v("name", c.name), v("lr", c.lr), v("momentum", c.momentum), v("beta1", c.beta1), v("beta2", c.beta2);
    v("eps", c.eps), v("beta", c.beta), v("weight_decay", c.weight_decay), v("l1", c.l1), v("l2", c.l2);
    v("decay_bias_and_norm", c.decay_bias_and_norm), v("clip_norm", c.clip_norm),
        v("constraint", c.constraint);
    v("lower", c.lower), v("upper", c.upper), v("bias_lr_factor", c.bias_lr_factor), v("average", c.average);
    v("ema_decay", c.ema_decay), v("average_from", c.average_from), v("lazy", c.lazy);
  }
};

struct ScheduleConfig {
  std::string name =
      "constant";  ///< constant inverse_time step exponential polynomial cosine one_cycle plateau
  std::int64_t warmup_steps = 0;  ///< linear, from warmup_start * lr
  double warmup_start = 0.0;
  double decay = 0.0;            ///< inverse_time: lr / (1 + decay * step)
  double gamma = 0.1;            ///< step, exponential, plateau: factor
  std::int64_t step_size = 0;    ///< step: steps between drops; exponential: steps per factor (0: an epoch)
  double power = 1.0;            ///< polynomial
  double min_lr = 0.0;           ///< floor of polynomial, cosine and plateau
  std::int64_t cycle_steps = 0;  ///< cosine with restarts: length of the first cycle; 0: the whole run
  double cycle_factor = 1.0;     ///< each next cycle is this much longer
  double max_lr_start_factor = 25.0, max_lr_end_factor = 1e4;  ///< one_cycle: div_factor, final_div_factor
  double rise_fraction = 0.3;                                  ///< one_cycle: pct_start
  std::int64_t patience = 10;                                  ///< plateau: epochs
  double threshold = 1e-4;                                     ///< plateau: relative improvement that counts

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v("name", c.name), v("warmup_steps", c.warmup_steps), v("warmup_start", c.warmup_start),
        v("decay", c.decay);
    v("gamma", c.gamma), v("step_size", c.step_size), v("power", c.power), v("min_lr", c.min_lr);
    v("cycle_steps", c.cycle_steps), v("cycle_factor", c.cycle_factor);
    v("max_lr_start_factor", c.max_lr_start_factor), v("max_lr_end_factor", c.max_lr_end_factor);
    v("rise_fraction", c.rise_fraction), v("patience", c.patience), v("threshold", c.threshold);
  }
};

struct TrainConfig {
  std::int64_t epochs = 10;
  std::int64_t max_steps = 0;  ///< 0: epochs alone decide
  std::int64_t batch_size = 256;
  std::int64_t micro_batch = 0;  ///< 0: the whole batch at once, or in parts that stay in the cpu's caches
  std::int64_t reduction_slices = 8;
  bool shuffle = true;
  bool drop_last = false;
  std::int64_t threads = 0;         ///< 0: all
  std::int64_t patience = 0;        ///< epochs without improvement of `metric`; 0: never stop for it
  std::string metric = "loss";      ///< of the validation rows: what patience watches and the best model has
  double gradient_tolerance = 0.0;  ///< stop when the gradient norm falls below it; 0: never
  double loss_tolerance = 0.0;      ///< stop when an epoch's loss changes by less; 0: never
  double max_seconds = 0.0;         ///< wall time; 0: no limit
  std::string on_spike = "stop";  ///< loss or gradient not finite: stop | skip (the batch) | rollback (to the
                                  ///< last checkpoint, and on past the batch)
  std::int64_t log_every_steps = 0;  ///< metrics.jsonl: a line every so many steps besides one an epoch

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v("epochs", c.epochs), v("max_steps", c.max_steps), v("batch_size", c.batch_size);
    v("micro_batch", c.micro_batch), v("reduction_slices", c.reduction_slices), v("shuffle", c.shuffle);
    v("drop_last", c.drop_last), v("threads", c.threads), v("patience", c.patience), v("metric", c.metric);
    v("gradient_tolerance", c.gradient_tolerance), v("loss_tolerance", c.loss_tolerance);
    v("max_seconds", c.max_seconds), v("on_spike", c.on_spike), v("log_every_steps", c.log_every_steps);
  }
};

struct PerSampleConfig {
  double clip_norm = 0.0;           ///< bound of each sample's gradient norm; 0: no clipping
  std::string mode = "flat";        ///< flat | per_layer | automatic
  double noise_multiplier = 0.0;    ///< deviation of the noise, in units of clip_norm; 0: none
  double target_epsilon = 0.0;      ///< above 0: the noise multiplier is solved for
  double delta = 0.0;               ///< 0: 1 / (10 * training rows)
  std::string accountant = "prv";   ///< prv | rdp
  std::string sampling = "auto";    ///< auto (poisson with noise) | poisson | epochs (each row once)
  bool reproducible_noise = false;  ///< noise and Poisson samples follow from seed; not private
  bool statistics = false;          ///< norms, noise scale and outlier rows in the log

  bool private_training() const { return noise_multiplier > 0 || target_epsilon > 0; }
  bool poisson() const { return sampling == "poisson" || (sampling == "auto" && private_training()); }

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v("clip_norm", c.clip_norm), v("mode", c.mode), v("noise_multiplier", c.noise_multiplier);
    v("target_epsilon", c.target_epsilon), v("delta", c.delta), v("accountant", c.accountant);
    v("sampling", c.sampling), v("reproducible_noise", c.reproducible_noise), v("statistics", c.statistics);
  }
};

struct CheckpointConfig {
  std::int64_t every_steps = 0;  ///< besides those of every_epochs; 0: none
  /// 0: none but the last; -1: where an epoch ends, but only after work of some tenths of a second (RunPlan)
  std::int64_t every_epochs = -1;
  std::int64_t keep = 3;        ///< newest ones kept besides the best
  std::string resume = "auto";  ///< auto | never | a path

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v("every_steps", c.every_steps), v("every_epochs", c.every_epochs), v("keep", c.keep),
        v("resume", c.resume);
  }
};

struct Config {
  std::int64_t seed = 1;
  std::string device = "auto";     ///< auto | cpu | cuda | cuda:N | reference
  std::string numerics = "exact";  ///< exact | fast
  std::string out;                 ///< folder of the run; empty: nothing is written
  DataConfig data;
  ModelConfig model;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  TrainConfig train;
  PerSampleConfig per_sample;
  CheckpointConfig checkpoint;

  /// Settings outside any section, then one call per section: section(name, struct).
  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v("seed", c.seed), v("device", c.device), v("numerics", c.numerics), v("out", c.out);
  }
  template <class Self, class Section>
  static void sections(Self& c, Section&& s) {
    s("data", c.data), s("model", c.model), s("optimizer", c.optimizer), s("schedule", c.schedule);
    s("train", c.train), s("per_sample", c.per_sample), s("checkpoint", c.checkpoint);
  }
};

/// Reads a TOML file into `config`. Throws NoInputError, or ConfigError naming file, line and key: an unknown
/// key (with "did you mean"), a wrong type. `progress` hears of a pipe that stays empty.
void read_config_file(const std::string& path, Config& config, const ReadProgress& progress = {});

/// Sets one value from text, as a flag `--section.key=value` does; aliases of other tools are accepted.
void set_config_value(Config& config, const std::string& key, const std::string& value);

/// Checks ranges, names and contradictions. Throws ConfigError naming the key, the value and what is allowed.
void validate_config(const Config& config);

/// The whole config as TOML; reading it back gives an equal one.
std::string to_toml(const Config& config);

}  // namespace thalweg
