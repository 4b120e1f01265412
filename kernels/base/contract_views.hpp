#pragma once
// What contracts (contract.hpp) ask of the arguments that several ops share.
#include "kernels/base/contract.hpp"
#include "kernels/base/loss.hpp"
#include "kernels/base/slices.hpp"
#include "kernels/base/touched.hpp"

namespace thalweg {

/// Of rows that are found by their ids no more is known than that the first row of the data set is there.
void reads(Contract& op, const char* name, const DenseRows& rows);
void reads(Contract& op, const char* name, const SparseRows& rows);
void reads(Contract& op, const char* name, const LossTargets& targets, std::int64_t rows);

/// `slices` cuts a batch of which the call brings `rows` rows.
void require_slices(const Contract& op, const BatchSlices& slices, std::int64_t rows);

/// A sum of `size` elements; where other calls bring the rest of the batch, its chains of `chain` elements.
/// The chains of a single slice may be the sum.
void writes(Contract& op, const char* name, const BatchSum& sum, const BatchSlices& slices, std::int64_t size,
            std::int64_t chain);
inline void writes(Contract& op, const char* name, const BatchSum& sum, const BatchSlices& slices,
                   std::int64_t size) {
  writes(op, name, sum, slices, size, size);
}
/// A bias, which a layer may lack.
inline void may_write(Contract& op, const char* name, const BatchSum& sum, const BatchSlices& slices,
                      std::int64_t size) {
  if (sum.sum != nullptr) writes(op, name, sum, slices, size);
}

/// The index of a batch of `batch_rows` rows, in the form of the host or in that of CUDA.
void reads(Contract& op, const char* name, const TouchedFeatures& touched, std::int64_t batch_rows);
void writes(Contract& op, const char* name, const TouchedFeatures& touched, std::int64_t batch_rows);

}  // namespace thalweg
