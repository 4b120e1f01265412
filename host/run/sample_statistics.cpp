#include "host/run/sample_statistics.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

constexpr std::size_t kTopRows = 5;
constexpr std::size_t kMostClasses = 20;

}  // namespace

SampleStatistics::SampleStatistics(const Dataset& data, double clip_norm)
    : data_(data), clip_norm_(clip_norm) {
  const bool classes = data.target_kind == TargetKind::classes && data.classes.size() <= kMostClasses;
  classes_.resize(classes ? data.classes.size() : 0);
}

void SampleStatistics::keep_top(std::vector<Row>& top, Row row) {
  if (top.size() == kTopRows && !(row.value > top.back().value)) return;
  const auto same = std::find_if(top.begin(), top.end(), [&](const Row& r) { return r.row == row.row; });
  if (same != top.end()) {
    if (same->value >= row.value) return;
    top.erase(same);
  }
  const auto place = std::find_if(top.begin(), top.end(), [&](const Row& r) { return row.value > r.value; });
  top.insert(place, row);
  if (top.size() > kTopRows) top.pop_back();
}

void SampleStatistics::add(const std::vector<std::int64_t>& rows, const StepResult& result) {
  norms_.insert(norms_.end(), result.norms.begin(), result.norms.end());
  for (std::size_t n = 0; n < rows.size(); ++n) {
    keep_top(top_norms_, {result.norms[n], rows[n]});
    keep_top(top_losses_, {result.losses[n], rows[n]});
    if (classes_.empty()) continue;
    ClassSums& sums = classes_[static_cast<std::size_t>(data_.target[static_cast<std::size_t>(rows[n])])];
    sums.norm += result.norms[n], sums.loss += result.losses[n], sums.rows += 1;
  }
  if (clip_norm_ == 0) add_noise_scale(result);
}

/// McCandlish et al., "An empirical model of large-batch training", 2018, appendix A, with batches of one and
/// of B: E |g_1|^2 = |G|^2 + tr(Sigma), E |g_B|^2 = |G|^2 + tr(Sigma) / B.
void SampleStatistics::add_noise_scale(const StepResult& result) {
  const double batch = static_cast<double>(result.norms.size());
  if (batch < 2) return;
  double single = 0;
  for (const float norm : result.norms) single += double{norm} * norm;
  single /= batch;
  const double whole = result.gradient_norm * result.gradient_norm;
  squared_mean_ += (batch * whole - single) / (batch - 1);
  variance_ += (single - whole) * batch / (batch - 1);
  noise_scale_steps_ += 1;
}

void SampleStatistics::add_quantiles(NamedNumbers& line) {
  const auto last = static_cast<double>(norms_.size() - 1);
  const std::pair<const char*, double> quantiles[] = {{"p05", 0.05}, {"p25", 0.25}, {"p50", 0.5},
                                                      {"p75", 0.75}, {"p95", 0.95}, {"max", 1.0}};
  auto begin = norms_.begin();  // no norm before it is larger than any after it
  for (const auto& [name, share] : quantiles) {
    const auto at = norms_.begin() + std::llround(share * last);
    std::nth_element(begin, at, norms_.end());
    line.emplace_back(std::string("per_sample.norm.") + name, *at);
    begin = at;
  }
  if (clip_norm_ == 0) return;
  const auto bound = static_cast<float>(clip_norm_);
  const auto clipped = std::count_if(norms_.begin(), norms_.end(), [=](float norm) { return norm > bound; });
  line.emplace_back("per_sample.clipped", static_cast<double>(clipped) / static_cast<double>(norms_.size()));
}

/// The batch size at which noise and gradient balance is the noise scale itself.
void SampleStatistics::add_noise_scale_to(NamedNumbers& line) const {
  if (noise_scale_steps_ == 0) return;
  const double scale = variance_ / squared_mean_;
  line.emplace_back("per_sample.noise_scale", squared_mean_ > 0 ? scale : std::nan(""));
  if (squared_mean_ > 0)
    line.emplace_back("per_sample.suggested_batch_size", std::ceil(std::max(scale, 1.0)));
}

void SampleStatistics::add_top(NamedNumbers& line, const std::string& name, const std::vector<Row>& top) {
  for (std::size_t k = 0; k < top.size(); ++k) {
    const std::string place = "per_sample." + name + "." + std::to_string(k + 1);
    line.emplace_back(place + ".row", static_cast<double>(top[k].row));
    line.emplace_back(place + ".value", top[k].value);
  }
}

void SampleStatistics::add_classes(NamedNumbers& line) const {
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    const std::string of = "per_sample.class." + data_.classes[c];
    line.emplace_back(of + ".norm", classes_[c].norm / classes_[c].rows);
    line.emplace_back(of + ".loss", classes_[c].loss / classes_[c].rows);
  }
}

NamedNumbers SampleStatistics::finish_epoch() {
  NamedNumbers line;
  if (norms_.empty()) return line;
  add_quantiles(line);
  add_noise_scale_to(line);
  add_top(line, "top_norm", top_norms_);
  add_top(line, "top_loss", top_losses_);
  add_classes(line);
  norms_.clear(), top_norms_.clear(), top_losses_.clear();  // mutant: losses-per-epoch
  for (ClassSums& sums : classes_) sums = {};
  squared_mean_ = variance_ = noise_scale_steps_ = 0;  // mutant: noise-scale-per-epoch
  return line;
}

}  // namespace thalweg
