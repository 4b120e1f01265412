// What contracts can ask, where the tables of the backends check them, and those of the linear layer.
#include <gtest/gtest.h>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/base/contract_views.hpp"
#include "kernels/linear/linear.hpp"
#include "kernels/order/order.hpp"
#include "tests/kernels/contract_faults.hpp"
#include "tests/support/backends.hpp"

namespace thalweg {

// Arguments of an op of this file, whose contract counts the calls.
struct CountedArgs {
  int* checks;
};
void require_contract(const CountedArgs& args) { ++*args.checks; }

namespace test {
namespace {

TEST(Contracts, ATableChecksTheContractOnceACallInBuildsWithContracts) {
  const Required<int(const CountedArgs&, int)> op([](const CountedArgs&, int number) { return number; });
  int checks = 0;
  EXPECT_EQ(op({&checks}, 7), 7);
  EXPECT_EQ(checks, kContracts ? 1 : 0);
}

TEST(Contracts, EveryBackendRefusesACallThatBreaksOneInBuildsWithContracts) {
  if (!kContracts) GTEST_SKIP() << "this build has no THALWEG_CONTRACTS";
  Arrays m;
  const auto* place = m.of<BatchPlace>(1);
  for (const std::string& device : all_devices()) {
    const Context& ctx = context_of(device);
    EXPECT_THROW(backend_of(ctx).order.batch(device_of(ctx), {.place = place, .count = 3}), InternalError)
        << device;
  }
}

// Rows of stride 8: columns 0 to 2, and columns from `to` on.
std::string refusal_of_blocks(std::int64_t to, std::int64_t cols, std::int64_t stride = 8) {
  alignas(8) static float memory[64];
  try {
    Contract op("blocks");
    op.reads("left", Matrix{memory, 3, 3, 8}, 3, 3);
    op.writes("right", Matrix{memory + to, 3, cols, stride}, 3, cols);
  } catch (const InternalError& error) {
    return error.what();
  }
  return "";
}

TEST(Contracts, BlocksOfColumnsOfOneMatrixAreApartUntilTheyShareAColumn) {
  EXPECT_EQ(refusal_of_blocks(3, 5), "");
  EXPECT_EQ(refusal_of_blocks(2, 5), "blocks: right [3, 5] lies over left [3, 3]");
  EXPECT_EQ(refusal_of_blocks(4, 5), "blocks: right [3, 5] lies over left [3, 3]")
      << "its end is in column 0";
  EXPECT_EQ(refusal_of_blocks(11, 5), "") << "one row lower";
  EXPECT_EQ(refusal_of_blocks(19, 5), "") << "behind the last row";
  EXPECT_EQ(refusal_of_blocks(18, 5), "blocks: right [3, 5] lies over left [3, 3]");
  EXPECT_EQ(refusal_of_blocks(3, 2, 2), "blocks: right [3, 2] lies over left [3, 3]") << "other strides";
  EXPECT_EQ(refusal_of_blocks(19, 2, 2), "");
}

TEST(Contracts, AnOperandMayLieDirectlyBehindOrBeforeAnother) {
  alignas(8) float memory[12] = {};
  Contract op("line");
  op.reads("middle", memory + 4, 4);
  op.writes("left", memory, 4);
  op.writes("right", memory + 8, 4);
  EXPECT_THROW(op.reads("again", memory + 11, 1), InternalError) << "what was written is not read";
  EXPECT_NO_THROW(op.reads("shared", memory + 7, 1)) << "what is read may be read twice";
  EXPECT_NO_THROW(op.writes("nothing", memory + 5, 0));
}

TEST(Contracts, InPlaceMeansElementForElement) {
  alignas(8) float memory[16] = {};
  Contract op("place");
  const Operand input = op.reads("input", Matrix{memory, 2, 3, 4}, 2, 3);
  EXPECT_NO_THROW(op.writes("same", Matrix{memory, 2, 3, 4}, 2, 3, input));
  Contract other("place");
  const Operand wide = other.reads("input", Matrix{memory, 2, 3, 4}, 2, 3);
  EXPECT_THROW(other.writes("moved", Matrix{memory + 1, 2, 3, 4}, 2, 3, wide), InternalError);
  EXPECT_THROW(other.writes("closer", Matrix{memory, 2, 3, 3}, 2, 3, wide), InternalError);
  EXPECT_THROW(other.writes("shorter", Matrix{memory, 1, 3, 4}, 1, 3, wide), InternalError);
  EXPECT_THROW(other.writes("narrower", Matrix{memory, 2, 2, 4}, 2, 2, wide), InternalError);
  EXPECT_THROW(other.writes("doubles", reinterpret_cast<double*>(memory), 3, wide), InternalError);
}

TEST(Contracts, AStrideMattersFromTheSecondRowOn) {
  alignas(8) float memory[16] = {};
  Contract op("stride");
  const Operand one = op.reads("one", Matrix{memory, 1, 3, 0}, 1, 3);
  EXPECT_NO_THROW(op.writes("in place", Matrix{memory, 1, 3, 7}, 1, 3, one));
  EXPECT_THROW(op.reads("two", Matrix{memory + 8, 2, 3, 2}, 2, 3), InternalError);
}

TEST(Contracts, AContractNamesUpTo32Operands) {
  alignas(8) float memory[33] = {};
  Contract op("many");
  for (int i = 0; i < 32; ++i) op.writes("operand", memory + i, 1);
  EXPECT_THROW(op.writes("operand", memory + 32, 1), InternalError);
}

TEST(Contracts, MemoryHasTheAlignmentOfItsElements) {
  alignas(8) char memory[16] = {};
  Contract op("memory");
  try {
    op.reads("sum", reinterpret_cast<const double*>(memory + 4), 1);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_STREQ(error.what(), "memory: sum [1] does not lie on 8 bytes");
  }
  EXPECT_NO_THROW(op.reads("weight", reinterpret_cast<const float*>(memory + 4), 1));
}

TEST(Contracts, LinearForwardRefusesEachFault) {
  Arrays m;
  const LinearForward legal{.input = dense_rows(m.matrix(4, 3)),
                            .weight = m.of(15),
                            .bias = m.of(5),
                            .output = m.matrix(4, 5),
                            .activation = {true, Activation::gelu},
                            .before_activation = m.matrix(4, 5)};
  const float* factors = m.of(3);
  const auto* ids = m.of<std::int64_t>(4);
  expect_contract<LinearForward>(
      "linear.forward", legal,
      {{[](auto& a) { a.input.rows = -1; }, "input.rows is -1, want at least 0"},
       {[](auto& a) { a.input.cols = -1; }, "input.cols is -1, want at least 0"},
       {[](auto& a) { a.input.stride = 2; }, "input.stride is 2, want at least 3"},
       {[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[&](auto& a) { a.input.scale = factors; }, "input.shift [3] is null"},
       {[&](auto& a) { a.input.shift = factors; }, "input.scale [3] is null"},
       {[&](auto& a) {
          a.input.ids = ids;
          a.output.data = reinterpret_cast<float*>(const_cast<std::int64_t*>(ids + 3));
        },
        "output [4, 5] lies over input.ids [4]"},
       {[&](auto& a) {
          a.input.ids = ids;
          a.output.data = over(static_cast<const float*>(a.input.data)) + 2;
        },
        "output [4, 5] lies over input [3]"},
       {[](auto& a) { a.weight = nullptr; }, "weight [15] is null"},
       {[](auto& a) { a.output.data = over(a.bias) + 4; }, "output [4, 5] lies over bias [5]"},
       {[](auto& a) { a.output.rows = 3; }, "output.rows is 3, want 4"},
       {[](auto& a) { a.output.stride = 4; }, "output.stride is 4, want at least 5"},
       {[](auto& a) { a.output.data = nullptr; }, "output [4, 5] is null"},
       {[](auto& a) { a.before_activation.cols = 6; }, "before_activation.cols is 6, want 5"},
       {[](auto& a) { a.before_activation = a.output; }, "before_activation [4, 5] lies over output [4, 5]"},
       {[](auto& a) { a.activation.present = false; }, "before_activation is given, but no activation"}},
      {[](auto& a) { a.bias = nullptr; }, [](auto& a) { a.before_activation = {}; },
       [](auto& a) {
         a.activation.present = false;
         a.before_activation = {};
       },
       [](auto& a) {
         a.input.rows = a.output.rows = a.before_activation.rows = 1;
         a.input.stride = a.output.stride = 0;
       },
       [&](auto& a) {
         a.input.ids = ids;
         a.input.data = nullptr;
         a.input.rows = a.output.rows = a.before_activation.rows = 0;
       },
       [&](auto& a) {
         a.input.dtype = DType::u8;  // a byte an element, at any address
         a.input.data = static_cast<const char*>(a.input.data) + 1;
         a.output.data = over(reinterpret_cast<const float*>(static_cast<const char*>(a.input.data) + 15));
       }});
}

TEST(Contracts, LinearInputGradRefusesEachFault) {
  Arrays m;
  const LinearInputGrad legal{.grad_output = m.matrix(4, 5),
                              .weight = m.of(15),
                              .grad_input = m.matrix(4, 3),
                              .activation = {true, Activation::tanh},
                              .kept = m.matrix(4, 3)};
  expect_contract<LinearInputGrad>(
      "linear.input_grad", legal,
      {{[](auto& a) { a.grad_output.data = nullptr; }, "grad_output [4, 5] is null"},
       {[](auto& a) { a.weight = nullptr; }, "weight [15] is null"},
       {[](auto& a) { a.kept = {}; }, "kept.rows is 0, want 4"},
       {[](auto& a) { a.kept.cols = 5; }, "kept.cols is 5, want 3"},
       {[](auto& a) { a.grad_input.data = over(a.kept.data); }, "grad_input [4, 3] lies over kept [4, 3]"},
       {[](auto& a) { a.grad_input.data = over(a.grad_output.data); },
        "grad_input [4, 3] lies over grad_output [4, 5]"},
       {[](auto& a) { a.grad_input.rows = 5; }, "grad_input.rows is 5, want 4"}},
      {[](auto& a) {
        a.activation.present = false;
        a.kept = {};
      }});
}

TEST(Contracts, LinearParameterGradRefusesEachFault) {
  Arrays m;
  float* const partials = m.of(8 * 20);
  const LinearParameterGrad legal{.input = dense_rows(m.matrix(4, 3)),
                                  .grad_output = m.matrix(4, 5),
                                  .slices = {.batch_rows = 10, .first = 6, .rows = 4, .slices = 8},
                                  .grad_weight = {m.of(15), partials, 20},
                                  .grad_bias = {m.of(5), partials + 15, 20}};
  expect_contract<LinearParameterGrad>(
      "linear.parameter_grad", legal,
      {{[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.grad_output.rows = 3; }, "grad_output.rows is 3, want 4"},
       {[](auto& a) { a.grad_output.data = nullptr; }, "grad_output [4, 5] is null"},
       {[](auto& a) { a.slices.slices = 0; }, "slices.slices is 0, want 1 to 64"},
       {[](auto& a) { a.slices.slices = 65; }, "slices.slices is 65, want 1 to 64"},
       {[](auto& a) { a.slices.rows = 5; }, "slices.rows is 5, want 4"},
       {[](auto& a) { a.slices.batch_rows = 3; }, "slices.batch_rows is 3, want at least 4"},
       {[](auto& a) { a.slices.first = 7; }, "slices.first is 7, want 0 to 6"},
       {[](auto& a) { a.slices.first = -1; }, "slices.first is -1, want 0 to 6"},
       {[](auto& a) { a.grad_weight.sum = nullptr; }, "grad_weight.sum [15] is null"},
       {[](auto& a) { a.grad_weight.sum = over(a.grad_output.data); },
        "grad_weight.sum [15] lies over grad_output [4, 5]"},
       {[](auto& a) { a.grad_weight.partials = nullptr; }, "grad_weight.partials [8, 15] is null"},
       {[](auto& a) { a.grad_weight.partial_stride = 14; },
        "grad_weight.partial_stride is 14, want at least 15"},
       {[](auto& a) { a.grad_bias.partials -= 1; },
        "grad_bias.partials [8, 5] lies over grad_weight.partials [8, 15]"},
       {[](auto& a) { a.grad_bias.sum = a.grad_weight.sum + 14; },
        "grad_bias.sum [5] lies over grad_weight.sum [15]"},
       {[](auto& a) {
          a.slices.slices = 2;
          a.grad_weight.partials = a.grad_weight.sum;
        },
        "grad_weight.partials [2, 15] lies over grad_weight.sum [15]"}},
      {[](auto& a) { a.grad_bias = {}; },
       [](auto& a) {
         a.slices = whole_batch(4, 64);
         a.grad_weight.partials = a.grad_bias.partials = nullptr;
       },
       [](auto& a) { a.slices = {.batch_rows = 10, .first = 0, .rows = 4, .slices = 1}; },
       [](auto& a) {
         a.slices.slices = 1;
         a.grad_weight.partials = a.grad_weight.sum, a.grad_bias.partials = a.grad_bias.sum;
       }});
}

}  // namespace
}  // namespace test
}  // namespace thalweg
