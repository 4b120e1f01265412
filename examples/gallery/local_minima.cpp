// Failure: local minima. A network of two units can compute "either, but not both"; not every start finds it.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "examples/gallery/data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

constexpr int kSeeds = 20;

Dataset either_not_both() {
  Dataset data = rows_of(2, {0, 0, 0, 1, 1, 0, 1, 1}, {0, 1, 1, 0});
  data.target_kind = TargetKind::classes;
  data.classes = {"no", "yes"};
  return data;
}

Run run(int seed) {
  Config config;
  config.seed = static_cast<std::uint64_t>(seed);
  config.data.standardize = Tristate::no;
  config.model.hidden = {2};
  config.optimizer.name = Rule::sgd;
  config.optimizer.lr = 0.5;
  config.train.epochs = 2000;
  config.train.gradient_tolerance = 1e-3;
  return listen(config, either_not_both());
}

/// How runs end. Rows that look alike get the share of their targets as probability.
struct Ending {
  const char* name;
  double loss;
};
const Ending kEndings[] = {{"all right", 0},
                           {"two rows left at 1/2", std::log(2.0) / 2},
                           {"three rows left at 1/3", (std::log(3.0) + 2 * std::log(1.5)) / 4},
                           {"all rows left at 1/2", std::log(2.0)}};

/// The ending whose loss is nearest.
std::size_t ending_of(double loss) {
  const auto distance = [loss](const Ending& ending) { return std::abs(ending.loss - loss); };
  const auto nearest =
      std::min_element(std::begin(kEndings), std::end(kEndings),
                       [&](const Ending& a, const Ending& b) { return distance(a) < distance(b); });
  return static_cast<std::size_t>(nearest - std::begin(kEndings));
}

}  // namespace

Page local_minima() {
  Page page{.title = "Failure: local minima",
            .text =
                "\"Either, but not both\" takes a network of two relu units at least. Of 20 seeds a few find "
                "it. The others end where several of the four rows look alike to the network. It gives them "
                "the probability that is right for them on average. The gradient is 0 there, too. Such a run "
                "ends early, by `train.gradient_tolerance`, and nothing else tells it from a good one but "
                "its loss. Train several seeds, and compare them with `thalweg report`."};
  Chart chart{.title = "Loss of 20 seeds", .x = {"step", ScaleKind::log}, .y = {"loss"}};
  std::array<double, std::size(kEndings)> counts{}, last{};
  for (int seed = 1; seed <= kSeeds; ++seed) {
    const Run one = run(seed);
    const std::size_t ending = ending_of(one.train_loss.back());
    if (ending > 0) page.says = "stopped by " + one.report.stopped_by;
    last[ending] = one.train_loss.back();
    const std::string name = counts[ending]++ == 0 ? kEndings[ending].name : "";
    chart.series.push_back({Mark::line, name, ending, by_log_step(one.train_loss)});
  }
  page.charts = {chart};
  for (std::size_t k = 0; k < std::size(kEndings); ++k) {
    page.numbers.push_back({std::string(kEndings[k].name) + ": seeds", counts[k]});
    page.numbers.push_back({std::string(kEndings[k].name) + ": loss of the last one", last[k]});
  }
  return page;
}

}  // namespace thalweg::gallery
