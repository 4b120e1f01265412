#pragma once
// Data sets over memory that the caller keeps: no value is copied as a whole. A model predicts and measures
// such rows, and trains on them, block by block, with the bits of the same rows in a Dataset's own vectors.
// Example: views_example in examples/tour.cpp.
#include <cstdint>
#include <memory>

#include "thalweg/api.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// The rows of a row-major matrix in host memory. The values must stay as they are while the data set or a
/// copy of it lives; `keeper`, which may be null, is held as long. Targets, classes and the transform are the
/// caller's to set. Throws ShapeError for no features, a negative number of rows, a stride below the features
/// or a null pointer.
THALWEG_API Dataset matrix_view(ConstMatrix rows, std::shared_ptr<const void> keeper = nullptr);
/// The same of bytes, as Dataset::dense_u8.
THALWEG_API Dataset matrix_view(MatrixView<const std::uint8_t> rows,
                                std::shared_ptr<const void> keeper = nullptr);

/// The rows of a CSR matrix in host memory: `rows` rows of `cols` features, no ids. The offsets are checked
/// here, which reads them once; columns are checked as rows are read. Throws ShapeError as matrix_view does,
/// and for offsets that do not begin at 0 or that descend.
THALWEG_API Dataset csr_view(const SparseRows& rows, std::shared_ptr<const void> keeper = nullptr);

}  // namespace thalweg
