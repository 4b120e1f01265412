// The cost functions of the streaming kernels, for the account of their object code: bytes that an element
// reads and writes, and where the pointers lie in the kernels' arguments.
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "kernels/activation/activation.hpp"
#include "kernels/dropout/dropout.hpp"
#include "kernels/layer_norm/layer_norm.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "kernels/update/update.hpp"

using namespace thalweg;

namespace {

constexpr std::int64_t kMany = std::int64_t{1}
                               << 20;  // what is paid per row or column does not round up to a byte

void print(const char* name, const Cost& cost, std::int64_t elements) {
  std::printf("%s %lld %lld\n", name, static_cast<long long>(cost.bytes_read / elements),
              static_cast<long long>(cost.bytes_written / elements));
}

/// What the rule's functor is called, without "Rule": AdamsBashforth of adams_bashforth.
std::string functor_of(std::string_view rule) {
  std::string name;
  bool begins = true;
  for (const char c : rule) {
    if (c != '_') name += begins ? static_cast<char>(std::toupper(c)) : c;
    begins = c == '_';
  }
  return name;
}

}  // namespace

int main() {
  for (const auto& [rule, name] : kNames<Rule>)
    print(functor_of(name).c_str(), update_cost(rule, kMany), kMany);
  print("activation", activation_cost(kMany), kMany);
  print("activation_backward", activation_backward_cost(kMany), kMany);
  print("dropout", dropout_cost(kMany), kMany);
  print("layer_norm", layer_norm_forward_cost(kMany, kMany), kMany * kMany);
  print("softmax_cross_entropy", softmax_cross_entropy_cost(kMany, kMany), kMany * kMany);
  std::printf("DropoutArgs.input %zu 0\n", offsetof(DropoutArgs, input) + offsetof(ConstMatrix, data));
  std::printf("DropoutArgs.output %zu 0\n", offsetof(DropoutArgs, output) + offsetof(Matrix, data));
  std::printf("DropoutArgs.ids %zu 0\n", offsetof(DropoutArgs, ids));
  std::printf("DropoutArgs.step %zu 0\n", offsetof(DropoutArgs, step));
}
