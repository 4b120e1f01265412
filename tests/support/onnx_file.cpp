#include "tests/support/onnx_file.hpp"

#include <cstring>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string_view>

#include "host/report/wire.hpp"

namespace thalweg::test::onnx {
namespace {

using Take = std::function<void(const wire::Field&)>;

/// Calls the function of each field's number; the others are left out.
void read(std::string_view message, const std::map<int, Take>& fields) {
  while (const auto field = wire::next_field(message))
    if (const auto found = fields.find(field->number); found != fields.end()) found->second(*field);
  if (!message.empty()) throw std::runtime_error("a damaged message");
}

Take into(std::string& to) {
  return [&to](const wire::Field& field) { to = field.bytes; };
}
Take into(std::vector<std::string>& to) {
  return [&to](const wire::Field& field) { to.emplace_back(field.bytes); };
}
Take into(std::vector<std::int64_t>& to) {
  return [&to](const wire::Field& field) { to.push_back(static_cast<std::int64_t>(field.integer)); };
}
template <class Integer>
Take into(Integer& to) {
  return [&to](const wire::Field& field) { to = static_cast<Integer>(field.integer); };
}

template <class T>
std::vector<double> numbers_of(std::string_view raw) {
  std::vector<double> numbers;
  for (std::size_t at = 0; at + sizeof(T) <= raw.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, raw.data() + at, sizeof value);
    numbers.push_back(static_cast<double>(value));
  }
  return numbers;
}

std::pair<std::string, Tensor> tensor_of(std::string_view message) {
  std::pair<std::string, Tensor> named;
  Tensor& tensor = named.second;
  std::string raw;
  read(message, {{1, into(tensor.shape)},
                 {2, into(tensor.type)},
                 {6, into(tensor.texts)},
                 {8, into(named.first)},
                 {9, into(raw)}});
  if (tensor.type == 1) tensor.numbers = numbers_of<float>(raw);
  if (tensor.type == 7) tensor.numbers = numbers_of<std::int64_t>(raw);
  if (tensor.type == 11) tensor.numbers = numbers_of<double>(raw);
  const std::size_t elements = tensor.type == 8 ? tensor.texts.size() : tensor.numbers.size();
  if (static_cast<std::int64_t>(elements) != tensor.size())
    throw std::runtime_error(named.first + " has not as many elements as its shape");
  return named;
}

std::pair<std::string, Attribute> attribute_of(std::string_view message) {
  std::pair<std::string, Attribute> named;
  Attribute& to = named.second;
  read(message, {{1, into(named.first)},
                 {2,
                  [&](const wire::Field& field) {
                    const auto bits = static_cast<std::uint32_t>(field.integer);
                    float real;
                    std::memcpy(&real, &bits, sizeof real);
                    to.real = real;
                  }},
                 {3, into(to.integer)},
                 {8, into(to.integers)},
                 {9, into(to.texts)},
                 {20, into(to.type)}});
  // FLOAT, INT, INTS, STRINGS; no number that is given is 0.
  const int type = to.real != 0 ? 1 : !to.integers.empty() ? 7 : !to.texts.empty() ? 8 : 2;
  if (to.type != type) throw std::runtime_error(named.first + " is of another type than its value");
  return named;
}

Node node_of(std::string_view message) {
  Node node;
  read(message, {{1, into(node.inputs)},
                 {2, into(node.outputs)},
                 {3, into(node.name)},
                 {4, into(node.op)},
                 {5, [&](const wire::Field& field) { node.attributes.insert(attribute_of(field.bytes)); }},
                 {7, into(node.domain)}});
  return node;
}

Port port_of(std::string_view message) {
  Port port;
  const Take dim = [&](const wire::Field& field) {
    read(field.bytes,
         {{1, [&](const wire::Field& size) { port.shape += std::to_string(size.integer) + ","; }},
          {2, [&](const wire::Field& name) { port.shape += std::string(name.bytes) + ","; }}});
  };
  const Take shape = [&](const wire::Field& field) { read(field.bytes, {{1, dim}}); };
  const Take tensor = [&](const wire::Field& field) {
    read(field.bytes, {{1, into(port.type)}, {2, shape}});
  };
  const Take type = [&](const wire::Field& field) { read(field.bytes, {{1, tensor}}); };
  read(message, {{1, into(port.name)}, {2, type}});
  if (!port.shape.empty()) port.shape.pop_back();
  return port;
}

void read_graph(std::string_view message, Model& model) {
  read(message, {{1, [&](const wire::Field& field) { model.nodes.push_back(node_of(field.bytes)); }},
                 {2, into(model.graph_name)},
                 {5, [&](const wire::Field& field) { model.constants.insert(tensor_of(field.bytes)); }},
                 {11, [&](const wire::Field& field) { model.inputs.push_back(port_of(field.bytes)); }},
                 {12, [&](const wire::Field& field) { model.outputs.push_back(port_of(field.bytes)); }}});
}

}  // namespace

std::int64_t Tensor::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

Model decoded(const std::string& bytes) {
  Model model;
  const Take operators = [&](const wire::Field& field) {
    std::string domain;
    std::int64_t version = 0;
    read(field.bytes, {{1, into(domain)}, {2, into(version)}});
    model.operators[domain] = version;
  };
  const Take metadata = [&](const wire::Field& field) {
    std::string key, value;
    read(field.bytes, {{1, into(key)}, {2, into(value)}});
    model.metadata[key] = value;
  };
  read(bytes, {{1, into(model.ir_version)},
               {2, into(model.producer)},
               {3, into(model.producer_version)},
               {7, [&](const wire::Field& field) { read_graph(field.bytes, model); }},
               {8, operators},
               {14, metadata}});
  return model;
}

}  // namespace thalweg::test::onnx
