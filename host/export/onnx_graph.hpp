#pragma once
// The graph of an ONNX file, node by node (https://onnx.ai/onnx/repo-docs/IR.html).
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "host/report/wire.hpp"

namespace thalweg::onnx {

/// Types of elements, by their numbers in TensorProto.
enum class Type : std::int32_t { f32 = 1, i64 = 7, text = 8, f64 = 11 };

using Shape = std::vector<std::int64_t>;
/// The name of a value in the graph.
using Name = std::string;

struct Attribute {
  std::string name;
  std::variant<std::int64_t, float, std::vector<std::int64_t>, std::vector<std::string>> value;
};

/// Nodes are in the order in which they run. Every value has a name of its own.
class Graph {
 public:
  /// An input of the model, [N, columns].
  Name input(const Name& name, Type type, std::int64_t columns);
  /// Names an output of the model, [N, columns]; without columns [N].
  void output(const Name& name, Type type, std::int64_t columns = 0);

  /// Numbers and texts that do not change; `values` has as many as the shape.
  Name constant(const Name& name, const Shape& shape, const std::vector<float>& values);
  Name constant(const Name& name, const Shape& shape, const std::vector<double>& values);
  Name constant(const Name& name, const Shape& shape, const std::vector<std::int64_t>& values);
  Name constant(const Name& name, const Shape& shape, const std::vector<std::string>& values);

  /// Adds a node and gives the name of its output, which is `name`, or one that is still free.
  Name node(const std::string& op, const std::vector<Name>& inputs,
            const std::vector<Attribute>& attributes = {}, Name name = "");
  Name cast(const Name& value, Type type, const Name& name = "");

  /// The message GraphProto without its name.
  const std::string& bytes() const { return graph_.text(); }

 private:
  template <class T>
  Name raw_constant(const Name& name, Type type, const Shape& shape, const std::vector<T>& values);
  Name add_constant(const Name& name, const wire::Writer& tensor);
  Name own(const Name& name);

  wire::Writer graph_;
  std::map<Name, int> names_;
};

/// An ONNX file: the message ModelProto in parts. `metadata`: texts by key.
struct File {
  std::string head;
  std::string graph;
};
File file_of(const Graph& graph, const std::vector<std::pair<std::string, std::string>>& metadata);

}  // namespace thalweg::onnx
