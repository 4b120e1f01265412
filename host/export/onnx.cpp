// A model as an ONNX file: its layers between the inputs that the data have and the outputs that users read.
#include "host/export/onnx.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "host/checkpoint/files.hpp"
#include "host/export/onnx_inputs.hpp"
#include "host/export/onnx_layers.hpp"
#include "host/json/json.hpp"
#include "host/model/model_call.hpp"
#include "thalweg/error.hpp"
#include "thalweg/export.hpp"

namespace thalweg::onnx {
namespace {

/// The texts of the classes; without any, their numbers.
std::vector<std::string> class_names(const ModelSpec& spec) {
  const std::int64_t count = std::max<std::int64_t>(2, spec.outputs);
  std::vector<std::string> names = spec.schema.classes;
  for (std::int64_t k = std::ssize(names); k < count; ++k) names.push_back(std::to_string(k));
  return names;
}

/// The classes as integers; nothing where one of them reads otherwise.
std::vector<std::int64_t> as_integers(const std::vector<std::string>& names) {
  std::vector<std::int64_t> numbers;
  for (const std::string& name : names) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size() || std::to_string(number) != name) return {};
    numbers.push_back(number);
  }
  return numbers;
}

/// [N] from [N, 1].
Name as_list(const Name& value, Graph& graph, const Name& name = "") {
  return graph.node("Reshape", {value, graph.constant("list", {1}, std::vector<std::int64_t>{-1})}, {}, name);
}

/// `index`: [N].
void add_label(const Name& index, const ModelSpec& spec, Graph& graph) {
  const std::vector<std::string> names = class_names(spec);
  const std::vector<std::int64_t> numbers = as_integers(names);
  const Shape shape{std::ssize(names)};
  const Name classes =
      numbers.empty() ? graph.constant("classes", shape, names) : graph.constant("classes", shape, numbers);
  graph.node("Gather", {classes, index}, {}, "label");
  graph.output("label", numbers.empty() ? Type::text : Type::i64);
}

/// The class of the largest output, the first of equals; with one output, whether it is above 0.
Name class_index(const Name& z, std::int64_t outputs, Graph& graph) {
  if (outputs > 1)
    return graph.node("ArgMax", {z}, {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
  const Name zero = graph.constant("zero", {1}, std::vector<float>{0});
  return as_list(graph.cast(graph.node("Greater", {z, zero}), Type::i64), graph);
}

void add_classes(const Name& z, const ModelSpec& spec, Graph& graph) {
  add_label(class_index(z, spec.outputs, graph), spec, graph);
  if (traits_of(spec.config.loss).scores) {
    graph.node("Identity", {z}, {}, "scores");
    return graph.output("scores", Type::f32, spec.outputs);
  }
  if (spec.outputs > 1) {
    graph.node("Softmax", {z}, {{"axis", std::int64_t{1}}}, "probabilities");
  } else {
    const Name first = graph.node("Sigmoid", {graph.node("Neg", {z})});
    graph.node("Concat", {first, graph.node("Sigmoid", {z})}, {{"axis", std::int64_t{1}}}, "probabilities");
  }
  graph.output("probabilities", Type::f32, std::max<std::int64_t>(2, spec.outputs));
}

/// In the unit of the data.
void add_number(Name z, const ModelSpec& spec, Graph& graph) {
  if (traits_of(spec.config.loss).rates) z = graph.node("Exp", {z});
  const TargetTransform& target = spec.schema.target_transform;
  const Type type = target.offset != 0 ? Type::f64 : Type::f32;
  if (target != TargetTransform{}) {
    const auto number = [&](double x) { return graph.constant("unit", {1}, std::vector<double>{x}); };
    const Name scaled = graph.node("Mul", {graph.cast(z, Type::f64), number(target.deviation)});
    z = graph.cast(graph.node("Add", {scaled, number(target.mean)}), type);
  }
  // A model with an objective of the caller's may have several.
  if (spec.outputs > 1) {
    graph.node("Identity", {z}, {}, "prediction");
    return graph.output("prediction", type, spec.outputs);
  }
  as_list(z, graph, "prediction");
  graph.output("prediction", type);
}

std::string json_list(const std::vector<std::string>& texts) {
  Json list = Json::Array();
  for (const std::string& text : texts) list.push_back(text);
  return list.dump();
}

std::vector<std::pair<std::string, std::string>> metadata_of(const ModelSpec& spec) {
  std::vector<std::pair<std::string, std::string>> metadata;
  const RawColumns columns(spec.schema);
  const auto& names = spec.schema.transform.columns;
  const auto add = [&](const char* key, const std::vector<std::size_t>& of) {
    std::vector<std::string> texts;
    for (const std::size_t column : of) texts.push_back(names[column]);
    if (!of.empty()) metadata.emplace_back(key, json_list(texts));
  };
  if (!names.empty()) add("numbers", columns.numbers), add("texts", columns.texts);
  if (traits_of(spec.config.loss).classification)
    metadata.emplace_back("classes", json_list(class_names(spec)));
  return metadata;
}

File export_of(const Model& model) {
  const ModelSpec& spec = model.spec();
  require_exportable(spec, model.network().plan().arena_size());
  Graph graph;
  const Name z = add_layers(model, add_inputs(spec.schema, graph), graph);
  if (traits_of(spec.config.loss).classification) {
    add_classes(z, spec, graph);
  } else {
    add_number(z, spec, graph);
  }
  return file_of(graph, metadata_of(spec));
}

}  // namespace

void require_exportable(const ModelSpec& spec, std::int64_t parameters) {
  if (spec.schema.transform.hash_bits > 0)
    throw UsageError(
        fmt::format("the model's inputs are hashed (data.hash_bits = {}), and ONNX has no operator for the "
                    "hash; a model of categories or numbers can be exported",
                    spec.schema.transform.hash_bits));
  // Readers of Protocol Buffers take messages below 2^31 bytes; nodes, names and categories need some.
  constexpr std::int64_t kMostBytes = (std::int64_t{1} << 31) - (std::int64_t{1} << 24);
  const std::int64_t scale_and_shift = 2 * spec.schema.features;
  if (parameters > kMostBytes / std::int64_t{sizeof(float)} - scale_and_shift)
    throw UsageError(
        fmt::format("the model has {} parameters of 4 bytes; an ONNX file holds less than 2 GB", parameters));
}

}  // namespace thalweg::onnx

namespace thalweg {

void export_onnx(const Model& model, const std::string& file) {
  const ReadingCall call(model, "export_onnx");
  const onnx::File parts = onnx::export_of(model);
  const std::array<std::string_view, 2> bytes{parts.head, parts.graph};
  write_file_atomically(replaceable_file(file), bytes);
}

}  // namespace thalweg
