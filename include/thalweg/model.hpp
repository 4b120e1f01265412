#pragma once
// A model: layers, parameters and the schema of its data. It lives in the memory of its context.
// Example: model_example in examples/tour.cpp.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/api.hpp"
#include "thalweg/config.hpp"
#include "thalweg/context.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/named_tensor.hpp"

namespace thalweg {

/// The shape and the loss of a model, resolved from the config and the data.
struct ModelSpec {
  ModelConfig config;  ///< with `loss` resolved to a name
  DataSchema schema;
  std::int64_t outputs = 1;  ///< columns of the last layer: 1, or the number of classes
  std::uint64_t seed = 1;    ///< of the initial parameters and of dropout
};

/// Resolves "auto" and checks that loss, targets and classes fit together. Throws ConfigError or DataError.
THALWEG_API ModelSpec resolve_model(const ModelConfig& config, const DataSchema& schema, std::uint64_t seed);

/// The result of predict: probabilities for softmax_cross_entropy (all classes) and logistic (both classes),
/// the rate for poisson, scores for the hinge losses, the value itself for the other losses.
struct Predictions {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<float> values;                  ///< [rows, columns]
  std::vector<double> exact_values;           ///< the values where float32 would round them off; else empty
  std::vector<std::int64_t> predicted_class;  ///< [rows]; empty for regression
};

class Network;

/// Every call runs on the device of the context that the model was made with; its results are on the host.
class THALWEG_API Model {
 public:
  /// Makes an initialised model. If spec.config.init names a model.safetensors, its parameters come from
  /// there.
  Model(const Context& ctx, const ModelSpec& spec);
  /// Reads a model folder (the `out` of a run, or a checkpoint) or a model.safetensors file. Throws
  /// NoInputError if there is none, CorruptCheckpoint or DataError if it is damaged.
  static Model load(const Context& ctx, const std::string& path);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  /// Writes model.safetensors, readable by any safetensors reader, atomically. Throws IoError.
  void save(const std::string& file) const;

  const Context& context() const;  ///< of all its calls: a copy of the one that it was made with
  const ModelSpec& spec() const;
  std::vector<NamedTensor> parameters() const;  ///< layer after layer: weight [out, in], bias [out], ...
  std::vector<NamedTensor> buffers() const;     ///< running statistics of batch norm
  /// Names and shapes must be those of parameters() and buffers(), in any order. Throws ShapeError naming the
  /// first tensor that is missing or has another shape.
  void set_parameters(const std::vector<NamedTensor>& parameters);
  void set_buffers(const std::vector<NamedTensor>& buffers);

  /// An equal model with parameters of its own, in the same context.
  Model clone() const;

  /// Predicts each row of the data set. Rows without a transform of their own (Dataset::transform) are raw,
  /// and the model's is applied to them. Targets are not needed. Throws ShapeError or DataError if the data
  /// do not fit the model.
  Predictions predict(const Dataset& data) const;
  /// Predicts the given rows, in that order. Throws InterruptedError soon after `stop_signal` becomes
  /// non-zero.
  Predictions predict(const Dataset& data, const std::vector<std::int64_t>& rows,
                      const std::atomic<int>* stop_signal = nullptr) const;

  Network& network() const;  ///< the engine's own view

 private:
  Model(const Context& ctx, std::unique_ptr<Network> network);
  Context ctx_;
  std::unique_ptr<Network> network_;
};

/// Returns the XXH3 checksum of all parameter bits in segment order. Equal runs have equal checksums.
THALWEG_API std::string parameters_xxh3(const std::vector<NamedTensor>& parameters);

}  // namespace thalweg
