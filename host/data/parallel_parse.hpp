#pragma once
// Parses blocks of a text file on all cores while the next ones are read (and inflated). Blocks are merged in
// the order of the file, so the result does not depend on the number of threads.
#include <algorithm>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "host/data/text_source.hpp"
#include "kernels/base/parallel.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// Of ReadOptions::threads; reading does not gain from more than 16 cores.
inline int reader_threads(int threads) {
  const int wanted = threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(wanted, 1, 16);
}

/// parse(block, parsed) fills `parsed` row by row and throws at the first bad row. merge(parsed) moves its
/// rows out and returns whether more are needed. The error of a block counts only if its good rows are not
/// enough.
template <class Parsed, class Parse, class Merge>
void parse_blocks(TextSource& source, TextBlock first, const ReadProgress& progress, int threads,
                  const Parse& parse, const Merge& merge) {
  ThreadPool pool(source.at_end() ? 1 : reader_threads(threads));
  const int group = 2 * pool.threads();
  std::vector<TextBlock> blocks, next;
  blocks.push_back(std::move(first));
  bool at_end = false;
  const auto take_next = [&] {
    TextBlock block;
    if (source.next(block))
      next.push_back(std::move(block));
    else
      at_end = true;
  };
  while (!blocks.empty()) {
    const auto count = static_cast<std::int64_t>(blocks.size());
    std::vector<Parsed> parsed(blocks.size());
    std::vector<std::exception_ptr> errors(blocks.size() + 1);
    next.clear();
    pool.run(count + 1, [&](std::int64_t task, int) {
      try {
        if (task > 0) {
          parse(blocks[static_cast<std::size_t>(task - 1)], parsed[static_cast<std::size_t>(task - 1)]);
          return;
        }
        while (!at_end && static_cast<int>(next.size()) < group && source.is_ready()) take_next();
      } catch (...) {
        errors[static_cast<std::size_t>(task)] = std::current_exception();
      }
    });
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (!merge(parsed[i])) return;
      if (errors[i + 1]) std::rethrow_exception(errors[i + 1]);
    }
    if (errors[0]) std::rethrow_exception(errors[0]);
    if (progress) progress(source.path(), source.stored_done(), source.stored_total());
    if (next.empty() && !at_end) take_next();  // the input paused: the rows so far were not to wait for it
    std::swap(blocks, next);
  }
}

}  // namespace thalweg
