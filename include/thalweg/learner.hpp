#pragma once
// The learner: single steps of training on any rows. The training loop calls it, too.
// Example: learner_example in examples/tour.cpp.
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/api.hpp"
#include "thalweg/config.hpp"
#include "thalweg/epoch_batches.hpp"
#include "thalweg/metrics.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// The treatment of the gradients of single samples in a step (docs/per-sample.md).
struct PerSampleOptions {
  double clip_norm = 0;  ///< bound of each sample's gradient norm; 0: no clipping
  ClipMode mode = ClipMode::flat;
  double noise_multiplier = 0;   ///< deviation of the noise on the sum, in units of clip_norm
  std::uint64_t noise_seed = 0;  ///< keep it secret if the noise is for privacy
  double divisor = 0;            ///< divides the clipped sum; 0: the number of rows of the batch
  bool statistics = false;       ///< fills StepResult::norms and StepResult::losses

  bool clips() const { return clip_norm > 0; }
  bool any() const { return clips() || noise_multiplier > 0 || statistics; }
};

/// Reading ahead of a data set whose features stay on the disk (Dataset::store).
struct LoadingOptions {
  std::int64_t memory = 0;    ///< bytes for rows that are read; 0: a quarter of what the process may have
  std::int64_t readers = 16;  ///< threads that read, 1 to 256
};

struct LearnerOptions {
  OptimizerConfig optimizer = {};  ///< its lr is that of every step that is called without one
  PerSampleOptions per_sample = {};
  std::int64_t max_batch = 256;  ///< largest number of rows of a step
  /// Rows; 0: the whole batch, or on the cpu parts that fit its caches. Your own objective then gets
  /// the whole batch.
  std::int64_t micro_batch = 0;
  int reduction_slices = 8;  ///< parts of a batch that are summed apart; another number gives other bits
  /// Parts of the threads, on the cpu, that take a part of each batch (docs/ranks.md). They change no bit.
  int ranks = 1;
  const EpochBatches* batches = nullptr;  ///< for steps on an EpochBatch; the learner copies it
  LoadingOptions loading = {};
};

/// The reading of the steps so far; all 0 for data in memory.
struct LoadingReport {
  double wait_seconds = 0;  ///< that steps waited for their rows
  double read_seconds = 0;  ///< in which at least one thread was reading
  std::int64_t bytes = 0;   ///< of the features that were read, as they lie in memory
  std::string note;         ///< why rows are not read as data.order would like it; empty: they are
};

struct StepResult {
  double loss_sum = 0;    ///< sum of the weighted losses of the batch
  double weight_sum = 0;  ///< sum of the weights
  /// Norm of the gradient before clipping. With per-sample clipping or noise: norm of the gradient that the
  /// optimizer gets.
  double gradient_norm = 0;
  std::string diverged;  ///< why the step did nothing, naming the faulty row; empty: all was finite
  /// With per_sample.statistics, for each row: its weighted loss, and the norm of the gradient of that loss.
  std::vector<float> norms = {}, losses = {};
};

/// A call of your own objective. It reads the outputs of the rows of a batch. It writes the weighted loss of
/// each row, and the gradient of `scale` times their sum with respect to the outputs. It has to write every
/// element. All pointers are to host memory, on every device. A call has the whole batch, unless
/// LearnerOptions::micro_batch splits it. Targets may be of any kind: `rows` says whose they are.
struct ObjectiveCall {
  ConstMatrix output;                  ///< [n, outputs], without gaps; before softmax, sigmoid or exp
  const std::int64_t* rows = nullptr;  ///< [n] rows of the data set
  std::int64_t first = 0;              ///< position in the batch of the first of the n rows
  std::int64_t batch_rows = 0;         ///< rows of the batch; n, unless LearnerOptions::micro_batch splits it
  /// 1 / batch_rows, whatever the rows weigh. With PerSampleOptions::divisor: 1 / divisor. With clipping: 1,
  /// because the gradients of single samples are clipped before they are divided.
  float scale = 1;
  float* losses = nullptr;  ///< [n] out
  Matrix grad_output;       ///< [n, outputs] out, without gaps
};
using ObjectiveFunction = std::function<void(const ObjectiveCall&)>;

/// What Learner::save writes besides the learner's own state, and how much it keeps.
struct SaveOptions {
  /// Numbers of your loop by name, kept bit for bit: the best metric, a learning rate, ...
  std::map<std::string, double> values = {};
  std::int64_t keep = 3;  ///< newest checkpoints that stay; at least 1
};

/// What Learner::restore found.
struct Restored {
  std::string folder;                    ///< of the checkpoint
  std::map<std::string, double> values;  ///< SaveOptions::values
  std::vector<std::string> damaged;      ///< for each newer checkpoint that was passed over: what is wrong
};

struct CheckedData;
class Communicator;

/// Takes optimizer steps on a model. Model and data must outlive the learner. The first step is step 1. The
/// loss of a step is the sum of the weighted losses divided by the number of rows, so weights should have the
/// mean 1 over the rows that are trained on; those of read_training_data and read_and_split do.
class THALWEG_API Learner {
 public:
  /// Checks the data (validate.hpp) and allocates all memory of its steps on the device of the model. Throws
  /// ConfigError for options out of range or that contradict each other or the model, ShapeError or DataError
  /// for data that do not fit it, UnsupportedLayer where a layer has no per-sample gradient, and
  /// InternalError if memory runs out.
  Learner(Model& model, const Dataset& data, const LearnerOptions& options);
  /// The engine's own: of data that their reader has checked. `rank`: the end of this process where
  /// LearnerOptions::ranks are processes, which all make the same calls; it outlives the learner.
  Learner(Model& model, const CheckedData& data, const LearnerOptions& options, Communicator* rank = nullptr);
  ~Learner();
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  /// Takes one step on the given rows of the data set with the model's own loss; 1 <= rows.size() <=
  /// max_batch. With per-sample clipping `rows` may be empty, because Poisson sampling may draw no rows. `lr`
  /// is the rate of this step, 0 to 1e18, as a schedule gives it; without it the rate is
  /// options.optimizer.lr. Throws ShapeError for an id that is not a row, and DivergedError, naming the first
  /// faulty row, if loss or gradient is not finite. Parameters, states and running statistics are then as
  /// before the call.
  StepResult step(const std::vector<std::int64_t>& rows, std::optional<double> lr = {});
  /// Takes one step on a batch of options.batches; the device computes its rows.
  StepResult step(const EpochBatch& batch, std::optional<double> lr = {});
  /// Takes one step with your own objective. If it throws, everything is as before the call. DivergedError
  /// names the first row whose loss or gradient it did not write. Throws UsageError if it is empty.
  StepResult step(const std::vector<std::int64_t>& rows, std::optional<double> lr,
                  const ObjectiveFunction& objective);
  /// Computes the loss of the next step without taking it, and the gradient that its update would use: of
  /// the mean weighted loss, clipped by sample if asked. The gradients have the order of Model::parameters.
  /// Parameters, running statistics, optimizer states and the number of steps stay as they are. Throws
  /// UsageError while steps are queued.
  StepResult value_and_gradient(const std::vector<std::int64_t>& rows, std::vector<NamedTensor>& gradients);
  /// The same with your own objective.
  StepResult value_and_gradient(const std::vector<std::int64_t>& rows, std::vector<NamedTensor>& gradients,
                                const ObjectiveFunction& objective);

  /// Queues a step with the model's own loss. At most burst_limit() steps may be queued before collect:
  /// several on devices that replay steps without the host, one elsewhere. Steps may wait for each other:
  /// until collect, the model may be as before any of them. What the learner itself is asked counts all of
  /// them.
  void enqueue(const std::vector<std::int64_t>& rows, std::optional<double> lr = {});
  void enqueue(const EpochBatch& batch, std::optional<double> lr = {});
  /// Returns the results of the queued steps, in order. A step that diverged is the last result; it and the
  /// steps after it did nothing.
  std::vector<StepResult> collect();
  std::int64_t burst_limit() const;

  /// Computes the metrics of the model on rows of the learner's data set, without a second copy on the
  /// device. Throws InterruptedError soon after `stop_signal` becomes non-zero.
  Metrics evaluate(const std::vector<std::int64_t>& rows, const std::atomic<int>* stop_signal = nullptr,
                   MetricScope scope = MetricScope::all) const;

  std::int64_t steps() const;  ///< steps taken
  /// Sets the number of steps taken. The rules with bias correction and dropout depend on it. Throws
  /// ConfigError if it is negative.
  void set_steps(std::int64_t steps);

  /// Optimizer states by parameter ("layers.0.weight/momentum") and the average, with the shapes of the
  /// parameters. set_states throws ShapeError naming the first that is missing, is another optimizer's or has
  /// another shape, and DataError for a NaN. States that are not 0 need set_steps before the next step, which
  /// throws UsageError without it.
  std::vector<NamedTensor> states() const;
  void set_states(const std::vector<NamedTensor>& states);

  /// Writes parameters, running statistics, optimizer states and the number of steps as the checkpoint
  /// `out`/checkpoints/step-N, and returns its path. docs/checkpoint.md describes its files. The checkpoint
  /// is there whole or not at all, whenever the process ends. Model::load(out) and `thalweg inspect` read it.
  /// Call it with no step queued and the average not swapped in. Throws IoError.
  std::string save(const std::string& out, const SaveOptions& options = {}) const;
  /// Puts back the newest valid checkpoint in `path`/checkpoints, or the checkpoint `path` itself. The steps
  /// that follow have the same bits as if the loop had never stopped. Returns nothing if there is no
  /// checkpoint yet; then nothing has changed. Throws ConfigError naming what differs if the checkpoint is of
  /// another model, seed, optimizer rule or averaging, DataError if the data are others, and
  /// CorruptCheckpoint if every checkpoint is damaged.
  std::optional<Restored> restore(const std::string& path);

  /// Goes on with other rows of the same schema, for data that come in parts; `data` must outlive the learner
  /// or the next set_data. It may be the same Dataset, filled again: whoever changes the vectors of a
  /// learner's data set has to call set_data before any other call. Steps have the bits of a learner with the
  /// rows of all parts in one data set, but for dropout, which draws by the row's number in its data set.
  /// Throws ShapeError if the features differ in number or kind, DataError if another part of the schema
  /// does, and UsageError while steps are queued or with options.batches, whose rows are those of one data
  /// set. Then nothing has changed.
  void set_data(const Dataset& data);

  /// How the features of a data set with a store were read.
  LoadingReport loading() const;

  /// The engine's own, where ranks are processes: leaves parameters, running statistics and states of rank 0
  /// with all. Does nothing elsewhere.
  void share_state();

  bool averages() const;  ///< whether the learner averages parameters
  /// Swaps parameters and their average, to evaluate the average; call it again before the next step.
  void swap_average();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Compares the gradient of an objective with central differences of its losses, at the model's outputs for
/// the rows without dropout. The objective is called once for the gradient and twice for each output of each
/// row, with all of them as one batch. Returns the largest difference, relative to the largest element of
/// gradient or differences; below 1e-2 is usual for a right gradient in float32 where the objective is
/// smooth. The model does not change. Throws UsageError if the objective is empty, ShapeError if there are no
/// rows, and DivergedError naming the first row whose loss or gradient is not finite.
THALWEG_API double check_gradient(const Model& model, const Dataset& data,
                                  const std::vector<std::int64_t>& rows, const ObjectiveFunction& objective);

/// How minimize ended.
struct MinimizeResult {
  double value = 0;        ///< of the function at the last point
  std::int64_t steps = 0;  ///< taken
  double gradient = 0;     ///< largest absolute element of the last gradient
  bool converged = false;  ///< whether that is at most the tolerance
};

/// Minimises a function of a vector with the optimizers of the engine, at the learning rate optimizer.lr.
/// `value_and_gradient` writes the gradient, which has the length of the point, and returns the value. Stops
/// after `steps`, or when the largest absolute gradient is at most `tolerance`. Throws DivergedError if value
/// or gradient is not finite; `point` is then the one where that was.
THALWEG_API MinimizeResult
minimize(const Context& ctx, const OptimizerConfig& optimizer, std::vector<float>& point, std::int64_t steps,
         double tolerance,
         const std::function<double(const std::vector<float>& point, std::vector<float>& gradient)>&
             value_and_gradient);

}  // namespace thalweg
