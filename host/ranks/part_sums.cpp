#include "host/ranks/part_sums.hpp"

namespace thalweg {

int most_part_sums(int slices, SliceRange owned) {
  std::vector<SliceRange> single;
  for (int s = owned.begin; s < owned.end; ++s) single.push_back({s, s + 1});
  return tree_program(slices, single).places;
}

std::vector<float*> sum_parts(const PartsOfBatch& batch, std::span<float* const> places, const SumPart& run,
                              const AddSums& add) {
  const std::vector<SliceRange> parts = own_batches(batch.rows, batch.slices, batch.nodes, batch.most_rows);
  const TreeProgram program = tree_program(batch.slices, parts);
  const std::int64_t rows_end = rows_of(batch.rows, batch.slices, parts.back()).end;
  std::vector<float*> sums, roots;
  for (const int place : program.place) sums.push_back(places[static_cast<std::size_t>(place)]);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const SliceRange part = parts[i];
    run({rows_of(batch.rows, batch.slices, part), part.end - part.begin, rows_end}, sums[i]);
    add(program.after[i], sums);
  }
  for (const int root : program.roots) roots.push_back(sums[static_cast<std::size_t>(root)]);
  return roots;
}

}  // namespace thalweg
