#pragma once
// Data sets made of hashed counters: the same on every machine.
#include <cstdint>
#include <string>

#include "host/bench/options.hpp"
#include "thalweg/context.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg::bench {

/// Uniform in [-1, 1): element `index` of stream `stream`.
float uniform(std::uint64_t stream, std::uint64_t index);
std::vector<float> uniform_floats(const Context& ctx, std::uint64_t stream, std::int64_t count);

/// Dense float rows. Targets are the classes (0 .. classes - 1) of largest score by a random linear model;
/// with two classes, drawn with the probabilities of a logistic one.
Dataset made_dense(const Context& ctx, std::int64_t rows, std::int64_t features, std::int64_t classes);
/// CSR rows of `entries` different features each, whose ranks follow Zipf's law, with values around
/// 1 / sqrt(entries); targets drawn from a logistic model.
Dataset made_sparse(const Context& ctx, std::int64_t rows, std::int64_t features, std::int64_t entries);

/// The arrays of a data set as npy files in `folder`: x.npy, or offsets, columns and values; target.npy.
void write_arrays(const Dataset& data, const std::string& folder);

}  // namespace thalweg::bench
