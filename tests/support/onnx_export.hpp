#pragma once
// Models that are exported as ONNX files, and what the files compute.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "host/checkpoint/files.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/onnx_file.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/export.hpp"

namespace thalweg::test {

/// Types of elements.
constexpr int kFloat = 1, kInteger = 7, kText = 8, kDouble = 11;

/// Numbers of about 1, all of them different.
inline std::vector<float> pattern(std::size_t count, double seed) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(std::sin(1.7 * static_cast<double>(i) + seed)));
  return values;
}

class OnnxExport : public testing::Test {
 protected:
  /// A model whose parameters and running statistics are all different.
  Model model_of(const ModelConfig& config, const DataSchema& schema) {
    Model model(ctx_, resolve_model(config, schema, 7));
    std::vector<NamedTensor> parameters = model.parameters(), buffers = model.buffers();
    double seed = 0;
    for (NamedTensor& tensor : parameters) tensor.values = pattern(tensor.values.size(), ++seed);
    for (NamedTensor& tensor : buffers) {
      tensor.values = pattern(tensor.values.size(), ++seed);
      for (float& value : tensor.values) value = 0.5f + std::abs(value);
    }
    model.set_parameters(parameters);
    model.set_buffers(buffers);
    return model;
  }

  onnx::Model exported(const Model& model) {
    export_onnx(model, folder_ / "model.onnx");
    return onnx::decoded(read_file(folder_ / "model.onnx"));
  }

  /// What the file makes of dense rows.
  onnx::Values outputs_for(const Model& model, const std::vector<float>& x) {
    const std::int64_t features = model.spec().schema.features;
    return onnx::evaluated(
        exported(model), {{"numbers", {kFloat, {std::ssize(x) / features, features}, {x.begin(), x.end()}}}});
  }

  FaultyFiles files_;
  ScratchFolder folder_;
  Context ctx_{{.device = "cpu", .threads = 1}};
};

inline void expect_near(const std::vector<double>& got, const std::vector<float>& want,
                        const std::string& of) {
  ASSERT_EQ(got.size(), want.size()) << of;
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], want[i], 2e-6 * (1 + std::abs(want[i]))) << of << ", element " << i;
}

}  // namespace thalweg::test
