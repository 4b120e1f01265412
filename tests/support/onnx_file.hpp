#pragma once
// ONNX files, read and run: a decoder and an evaluator of the few operators that an export uses, by the
// definitions of https://onnx.ai/onnx/operators and in double.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace thalweg::test::onnx {

/// Numbers in `numbers`, texts in `texts`; `type` as in TensorProto: 1 float, 7 int64, 8 string, 9 bool, 11
/// double.
struct Tensor {
  int type = 1;
  std::vector<std::int64_t> shape;
  std::vector<double> numbers = {};
  std::vector<std::string> texts = {};

  std::int64_t size() const;
};

struct Attribute {
  int type = 0;
  double real = 0;
  std::int64_t integer = 0;
  std::vector<std::int64_t> integers;
  std::vector<std::string> texts;
};

struct Node {
  std::string name, op, domain;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, Attribute> attributes;
};

/// An input or output of the model: its shape as text, "N,3".
struct Port {
  std::string name;
  int type = 0;
  std::string shape;
  bool operator==(const Port&) const = default;
};

struct Model {
  std::int64_t ir_version = 0;
  std::string producer, producer_version;
  std::map<std::string, std::int64_t> operators;  ///< version by domain
  std::map<std::string, std::string> metadata;
  std::string graph_name;
  std::vector<Node> nodes;
  std::map<std::string, Tensor> constants;
  std::vector<Port> inputs, outputs;
};

Model decoded(const std::string& bytes);

using Values = std::map<std::string, Tensor>;
/// The values of all names after the nodes have run. Throws std::runtime_error for what is not valid.
Values evaluated(const Model& model, const Values& inputs);

}  // namespace thalweg::test::onnx
