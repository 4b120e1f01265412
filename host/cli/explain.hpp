#pragma once
// What a model makes of its inputs, for `thalweg inspect`.
#include "host/cli/cli.hpp"

namespace thalweg::cli {

/// --weights and --standard-errors: weights and intercept in the units of the data.
int show_weights(const InspectArguments& arguments, Streams streams);
/// --importance: what a metric loses by the permutation of a column.
int show_importance(const InspectArguments& arguments, Streams streams);

}  // namespace thalweg::cli
