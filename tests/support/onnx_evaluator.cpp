#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "tests/support/onnx_elements.hpp"

namespace thalweg::test::onnx {
namespace {

/// One call of a node: its inputs and attributes.
struct Call {
  const Node& node;
  std::vector<const Tensor*> in;

  const Tensor& operator[](std::size_t i) const { return *in.at(i); }
  std::int64_t integer(const char* name) const { return node.attributes.at(name).integer; }
  double real(const char* name) const { return node.attributes.at(name).real; }
};

Tensor where(const Call& call) {
  require(call[0].type == kBool && call[1].type == call[2].type, "Where of other types");
  const Shape shape = broadcast(call[0].shape, broadcast(call[1].shape, call[2].shape));
  Tensor to{call[1].type, shape};
  for (std::size_t i = 0; i < static_cast<std::size_t>(to.size()); ++i) {
    const Tensor& from = call[0].numbers[broadcast_place(call[0], shape, i)] != 0 ? call[1] : call[2];
    to.numbers.push_back(from.numbers[broadcast_place(from, shape, i)]);
  }
  return to;
}

Tensor gemm(const Call& call) {
  require(call.integer("transB") == 1, "Gemm without transB");
  const Tensor &x = call[0], &w = call[1];
  const std::int64_t rows = x.shape[0], in = x.shape[1], out = w.shape[0];
  require(w.shape[1] == in, "Gemm of other widths");
  std::vector<double> numbers;
  for (std::int64_t n = 0; n < rows; ++n)
    for (std::int64_t o = 0; o < out; ++o) {
      double sum = call.in.size() > 2 ? call[2].numbers.at(static_cast<std::size_t>(o)) : 0;
      for (std::int64_t i = 0; i < in; ++i)
        sum +=
            x.numbers[static_cast<std::size_t>(n * in + i)] * w.numbers[static_cast<std::size_t>(o * in + i)];
      numbers.push_back(sum);
    }
  return as(kFloat, {rows, out}, numbers);
}

/// Applies f to each row of [N, C]; it gives the row's results.
Tensor rows_of(const Tensor& x, const std::function<std::vector<double>(const std::vector<double>&)>& f) {
  std::vector<double> numbers;
  const auto width = static_cast<std::ptrdiff_t>(x.shape.at(1));
  for (auto at = x.numbers.begin(); at != x.numbers.end(); at += width)
    for (const double value : f({at, at + width})) numbers.push_back(value);
  return as(x.type, {x.shape[0], std::ssize(numbers) / std::max<std::int64_t>(1, x.shape[0])}, numbers);
}

Tensor layer_norm(const Call& call) {
  return rows_of(call[0], [&](std::vector<double> row) {
    double mean = 0, variance = 0;
    for (const double x : row) mean += x / static_cast<double>(row.size());
    for (const double x : row) variance += (x - mean) * (x - mean) / static_cast<double>(row.size());
    for (std::size_t c = 0; c < row.size(); ++c)
      row[c] = (row[c] - mean) / std::sqrt(variance + call.real("epsilon")) * call[1].numbers[c] +
               call[2].numbers[c];
    return row;
  });
}

Tensor batch_norm(const Call& call) {
  return rows_of(call[0], [&](std::vector<double> row) {
    for (std::size_t c = 0; c < row.size(); ++c)
      row[c] = (row[c] - call[3].numbers[c]) / std::sqrt(call[4].numbers[c] + call.real("epsilon")) *
                   call[1].numbers[c] +
               call[2].numbers[c];
    return row;
  });
}

Tensor softmax(const Call& call) {
  require(call.integer("axis") == 1, "Softmax along another axis");
  return rows_of(call[0], [](std::vector<double> row) {
    double sum = 0;
    for (const double z : row) sum += std::exp(z);
    for (double& z : row) z = std::exp(z) / sum;
    return row;
  });
}

Tensor arg_max(const Call& call) {
  require(call.integer("axis") == 1 && call.integer("keepdims") == 0, "ArgMax in another form");
  Tensor found = rows_of(call[0], [](const std::vector<double>& row) {
    return std::vector{static_cast<double>(std::max_element(row.begin(), row.end()) - row.begin())};
  });
  return as(kInteger, {found.shape[0]}, found.numbers);
}

Tensor concat(const Call& call) {
  require(call.integer("axis") == 1, "Concat along another axis");
  Tensor to{call[0].type, {call[0].shape[0], 0}};
  for (std::int64_t n = 0; n < to.shape[0]; ++n)
    for (const Tensor* part : call.in) {
      const auto begin = part->numbers.begin() + n * part->shape.at(1);
      to.numbers.insert(to.numbers.end(), begin, begin + part->shape[1]);
    }
  for (const Tensor* part : call.in) to.shape[1] += part->shape[1];
  return to;
}

/// Columns of a matrix, or elements of a list.
Tensor gather(const Call& call) {
  const Tensor &from = call[0], &ids = call[1];
  const bool columns = from.shape.size() == 2;
  require(ids.type == kInteger && call.node.attributes.contains("axis") == columns, "Gather in another form");
  if (columns) require(call.integer("axis") == 1, "Gather along another axis");
  const std::int64_t rows = columns ? from.shape[0] : 1, width = from.shape.back();
  Tensor to{from.type, columns ? Shape{rows, ids.size()} : ids.shape};
  for (std::int64_t n = 0; n < rows; ++n)
    for (const double id : ids.numbers) {
      const auto at = static_cast<std::size_t>(n * width + static_cast<std::int64_t>(id));
      if (from.type == kText) {
        to.texts.push_back(from.texts.at(at));
      } else {
        to.numbers.push_back(from.numbers.at(at));
      }
    }
  return to;
}

Tensor label_encoder(const Call& call) {
  require(call.node.domain == "ai.onnx.ml", "LabelEncoder of another domain");
  const auto& attributes = call.node.attributes;
  const auto& values = attributes.at("values_int64s").integers;
  Tensor to{kInteger, call[0].shape};
  const auto find = [&](const auto& keys, const auto& wanted) {
    require(keys.size() == values.size(), "LabelEncoder with other numbers of keys and values");
    const auto at = std::find(keys.begin(), keys.end(), wanted);
    to.numbers.push_back(static_cast<double>(at == keys.end()
                                                 ? call.integer("default_int64")
                                                 : values[static_cast<std::size_t>(at - keys.begin())]));
  };
  for (const std::string& text : call[0].texts) find(attributes.at("keys_strings").texts, text);
  for (const double number : call[0].numbers)
    find(attributes.at("keys_int64s").integers, static_cast<std::int64_t>(number));
  return to;
}

Tensor reshape(const Call& call) {
  require(call[1].numbers == std::vector<double>{-1}, "Reshape to another shape");
  return {call[0].type, {call[0].size()}, call[0].numbers};
}

using Op = std::function<Tensor(const Call&)>;

Op of_one(double (*f)(double)) {
  return [f](const Call& call) { return each(call[0], f); };
}
Op of_two(double (*f)(double, double), int type = 0) {
  return [f, type](const Call& call) { return pairs(call[0], call[1], f, type); };
}

const std::map<std::string, Op>& operators() {
  static const std::map<std::string, Op> all{
      {"Add", of_two([](double a, double b) { return a + b; })},
      {"Sub", of_two([](double a, double b) { return a - b; })},
      {"Mul", of_two([](double a, double b) { return a * b; })},
      {"Equal", of_two([](double a, double b) { return a == b ? 1.0 : 0.0; }, kBool)},
      {"Greater", of_two([](double a, double b) { return a > b ? 1.0 : 0.0; }, kBool)},
      {"Neg", of_one([](double x) { return -x; })},
      {"Exp", of_one([](double x) { return std::exp(x); })},
      {"Erf", of_one([](double x) { return std::erf(x); })},
      {"Tanh", of_one([](double x) { return std::tanh(x); })},
      {"Relu", of_one([](double x) { return x < 0 ? 0 : x; })},
      {"Sigmoid", of_one([](double x) { return 1 / (1 + std::exp(-x)); })},
      {"Identity", [](const Call& call) { return call[0]; }},
      {"IsNaN",
       [](const Call& call) {
         return each(
             call[0], [](double x) { return std::isnan(x) ? 1.0 : 0.0; }, kBool);
       }},
      {"Cast",
       [](const Call& call) {
         return as(static_cast<int>(call.integer("to")), call[0].shape, call[0].numbers);
       }},
      {"Where", where},
      {"Gemm", gemm},
      {"LayerNormalization", layer_norm},
      {"BatchNormalization", batch_norm},
      {"Softmax", softmax},
      {"ArgMax", arg_max},
      {"Concat", concat},
      {"Gather", gather},
      {"LabelEncoder", label_encoder},
      {"Reshape", reshape}};
  return all;
}

}  // namespace

Values evaluated(const Model& model, const Values& inputs) {
  Values values = model.constants;
  for (const Port& port : model.inputs) {
    const Tensor& given = inputs.at(port.name);
    require(given.type == port.type, port.name + " is of another type");
    require(values.emplace(port.name, given).second, port.name + " is there twice");
  }
  require(inputs.size() == model.inputs.size(), "inputs that the model does not have");
  for (const Node& node : model.nodes) {
    Call call{node, {}};
    for (const std::string& name : node.inputs) call.in.push_back(&values.at(name));
    const auto op = operators().find(node.op);
    require(op != operators().end(), "no operator " + node.op);
    require(values.emplace(node.outputs.at(0), op->second(call)).second, node.outputs[0] + " is there twice");
  }
  for (const Port& port : model.outputs)
    require(values.at(port.name).type == port.type, port.name + " comes out in another type");
  return values;
}

}  // namespace thalweg::test::onnx
