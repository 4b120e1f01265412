// Failure: a rate so small that the run ends before anything is learnt.
#include "examples/gallery/line_data.hpp"
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {

Page rate_too_small() {
  const Run small = listen(plain_descent(0.001, 100), nearly_a_line());
  const Run good = listen(plain_descent(0.1, 100), nearly_a_line());
  Config by_rule;
  by_rule.model.loss = Loss::squared;
  by_rule.train.batch_size = 8;
  const Run left_out = listen(by_rule, nearly_a_line());

  Page page{
      .title = "Failure: a rate that is too small",
      .text =
          "At a rate of 0.001 a step removes a thousandth of the error, and 100 steps remove less than a "
          "tenth. The model is then worse than the mean of the targets, which Thalweg notices. Left out, "
          "rate and epochs follow from the data."};
  Chart chart{.title = "Training loss", .x = {"step"}, .y = {"loss", ScaleKind::log}};
  chart.series = {{Mark::line, "rate 0.001", 1, by_step(small.train_loss)},
                  {Mark::line, "rate 0.1", 0, by_step(good.train_loss)}};
  page.charts = {chart};
  page.says = small.message("r2 is");
  page.numbers = {{"R2 at rate 0.001", small.r2()},
                  {"R2 at rate 0.1", good.r2()},
                  {"R2 with rate and epochs left out", left_out.r2()}};
  return page;
}

}  // namespace thalweg::gallery
