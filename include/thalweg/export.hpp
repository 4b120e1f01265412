#pragma once
// Models for other programs. Example: export_example in examples/tour.cpp.
#include <string>

#include "thalweg/api.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Writes the model as an ONNX file (operators 17 and ai.onnx.ml 3), atomically. The file holds the transform
/// of the data and the classes, too. With N rows, its inputs are
/// - `numbers` [N, number columns], float, or double where the transform has offsets; NaN: missing;
/// - `texts` [N, text columns], string; the empty text: missing. Columns are in the order of the data.
/// A model without columns of a kind lacks that input. Its outputs are
/// - of classes: `label` [N], int64 where every class is an integer, else string, and `probabilities`
///   [N, classes], or `scores` of a hinge loss [N, classes, or 1 for two classes];
/// - of numbers: `prediction` [N], float, or double where the target has an offset; [N, outputs] of several.
/// A category that training did not have counts as none of them. A missing value that the model has no
/// replacement for makes the row's probabilities,
/// scores or prediction NaN; its label then means nothing. docs/export.md has more. Throws UsageError for a
/// model that ONNX cannot hold: of hashed features, or of 2 GB and more. Throws IoError.
THALWEG_API void export_onnx(const Model& model, const std::string& file);

}  // namespace thalweg
