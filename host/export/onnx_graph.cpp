#include "host/export/onnx_graph.hpp"

#include <algorithm>
#include <string_view>

#include "thalweg/version.hpp"

namespace thalweg::onnx {
namespace {

using wire::Writer;

// Numbers of fields in onnx.proto, message by message.
namespace model {
enum { ir_version = 1, producer_name = 2, producer_version = 3, graph = 7, opset_import = 8, metadata = 14 };
}
namespace graph {
enum { node = 1, name = 2, initializer = 5, input = 11, output = 12 };
}
namespace node {
enum { input = 1, output = 2, name = 3, op_type = 4, attribute = 5, domain = 7 };
}
namespace attribute {
enum { name = 1, f = 2, i = 3, ints = 8, strings = 9, type = 20 };
enum Kind { kFloat = 1, kInt = 2, kInts = 7, kStrings = 8 };
}  // namespace attribute
namespace tensor {
enum { dims = 1, data_type = 2, string_data = 6, name = 8, raw_data = 9 };
}

/// The versions of the format and of its operators, the oldest that have all that is used.
constexpr std::int64_t kFormat = 8, kOperators = 17, kTableOperators = 3;
/// The operators for tables of texts and numbers.
constexpr const char* kTables = "ai.onnx.ml";

constexpr const char* kTableOps[] = {"LabelEncoder"};

Writer attribute_of(const Attribute& from) {
  Writer to;
  to.bytes(attribute::name, from.name);
  if (const auto* number = std::get_if<std::int64_t>(&from.value)) {
    to.integer(attribute::i, *number).integer(attribute::type, attribute::kInt);
  } else if (const auto* real = std::get_if<float>(&from.value)) {
    to.float32(attribute::f, *real).integer(attribute::type, attribute::kFloat);
  } else if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&from.value)) {
    for (const std::int64_t one : *numbers) to.integer(attribute::ints, one);
    to.integer(attribute::type, attribute::kInts);
  } else {
    for (const std::string& text : std::get<std::vector<std::string>>(from.value))
      to.bytes(attribute::strings, text);
    to.integer(attribute::type, attribute::kStrings);
  }
  return to;
}

Writer tensor_of(const Name& name, Type type, const Shape& shape) {
  Writer to;
  for (const std::int64_t length : shape) to.integer(tensor::dims, length);
  to.integer(tensor::data_type, static_cast<std::int64_t>(type)).bytes(tensor::name, name);
  return to;
}

/// ValueInfoProto of a value [N, columns]; with 0 columns [N].
Writer value_of(const Name& name, Type type, std::int64_t columns) {
  enum {
    value_name = 1,
    value_type = 2,
    tensor_type = 1,
    element = 1,
    shape = 2,
    dim = 1,
    dim_value = 1,
    dim_param = 2
  };
  Writer sizes;
  sizes.message(dim, Writer().bytes(dim_param, "N"));
  if (columns > 0) sizes.message(dim, Writer().integer(dim_value, columns));
  Writer of_tensor;
  of_tensor.integer(element, static_cast<std::int64_t>(type)).message(shape, sizes);
  Writer to;
  to.bytes(value_name, name).message(value_type, Writer().message(tensor_type, of_tensor));
  return to;
}

}  // namespace

Name Graph::own(const Name& name) {
  const int before = names_[name]++;
  return before == 0 ? name : own(name + "_" + std::to_string(before));
}

Name Graph::input(const Name& name, Type type, std::int64_t columns) {
  graph_.message(graph::input, value_of(own(name), type, columns));
  return name;
}

void Graph::output(const Name& name, Type type, std::int64_t columns) {
  graph_.message(graph::output, value_of(name, type, columns));
}

Name Graph::add_constant(const Name& name, const Writer& tensor) {
  graph_.message(graph::initializer, tensor);
  return name;
}

/// raw_data is little-endian, as every machine that Thalweg runs on.
template <class T>
Name Graph::raw_constant(const Name& name, Type type, const Shape& shape, const std::vector<T>& values) {
  const Name mine = own(name);
  Writer to = tensor_of(mine, type, shape);
  to.bytes(tensor::raw_data, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
  return add_constant(mine, to);
}

Name Graph::constant(const Name& name, const Shape& shape, const std::vector<float>& values) {
  return raw_constant(name, Type::f32, shape, values);
}
Name Graph::constant(const Name& name, const Shape& shape, const std::vector<double>& values) {
  return raw_constant(name, Type::f64, shape, values);
}
Name Graph::constant(const Name& name, const Shape& shape, const std::vector<std::int64_t>& values) {
  return raw_constant(name, Type::i64, shape, values);
}
Name Graph::constant(const Name& name, const Shape& shape, const std::vector<std::string>& values) {
  const Name mine = own(name);
  Writer to = tensor_of(mine, Type::text, shape);
  for (const std::string& text : values) to.bytes(tensor::string_data, text);
  return add_constant(mine, to);
}

Name Graph::node(const std::string& op, const std::vector<Name>& inputs,
                 const std::vector<Attribute>& attributes, Name name) {
  name = own(name.empty() ? op : name);
  Writer to;
  for (const Name& input : inputs) to.bytes(node::input, input);
  to.bytes(node::output, name).bytes(node::name, name).bytes(node::op_type, op);
  for (const Attribute& attribute : attributes) to.message(node::attribute, attribute_of(attribute));
  const bool of_tables = std::find(std::begin(kTableOps), std::end(kTableOps), op) != std::end(kTableOps);
  if (of_tables) to.bytes(node::domain, kTables);
  graph_.message(graph::node, to);
  return name;
}

Name Graph::cast(const Name& value, Type type, const Name& name) {
  return node("Cast", {value}, {{"to", static_cast<std::int64_t>(type)}}, name);
}

File file_of(const Graph& from, const std::vector<std::pair<std::string, std::string>>& metadata) {
  enum { domain = 1, version = 2, key = 1, value = 2 };
  Writer to;
  to.integer(model::ir_version, kFormat);
  to.bytes(model::producer_name, "thalweg").bytes(model::producer_version, kVersion);
  to.message(model::opset_import, Writer().bytes(domain, "").integer(version, kOperators));
  to.message(model::opset_import, Writer().bytes(domain, kTables).integer(version, kTableOperators));
  for (const auto& [name, text] : metadata)
    to.message(model::metadata, Writer().bytes(key, name).bytes(value, text));
  const std::string name = Writer().bytes(graph::name, "thalweg").text();
  to.head(model::graph, name.size() + from.bytes().size());
  return {.head = to.text() + name, .graph = from.bytes()};
}

}  // namespace thalweg::onnx
