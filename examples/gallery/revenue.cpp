// A shop sells 100 - 2p pieces at the price p, and looks for the price that brings the most.
#include "examples/gallery/pages.hpp"
#include "examples/gallery/plots.hpp"

namespace thalweg::gallery {
namespace {

double revenue_at(double price) { return price * (100 - 2 * price); }

/// minimize goes down, so it gets the negative.
double loss(const Floats& price, Floats& gradient) {
  gradient[0] = -(100 - 4 * price[0]);
  return -revenue_at(price[0]);
}

}  // namespace

Page revenue() {
  const Walk by_sign = walk({.name = Rule::sign, .lr = 2}, {0}, 20, loss);
  const Walk small = walk({.name = Rule::sgd, .lr = 0.1}, {0}, 20, loss);
  const Walk large = walk({.name = Rule::sgd, .lr = 0.4}, {0}, 20, loss);

  Page page{.title = "Revenue by sign and by gradient",
            .text =
                "A shop sells 100 - 2p pieces at the price p. The sign of the slope says in which direction "
                "the price should go, and `sign` takes steps of one length. It ends in a swing around the "
                "best price. The gradient also says how far: its steps shrink on the way. At a rate of 0.4 "
                "each step overshoots, and the distance to the best price still falls to 0.6 of it."};
  Chart hill{.title = "Revenue", .x = {"price"}, .y = {"revenue"}};
  hill.series = {graph("", 7, revenue_at, {0, 50}), dots("sign, rate 2", 1, on_graph(by_sign, revenue_at)),
                 dots("sgd, rate 0.4", 2, on_graph(large, revenue_at))};
  Chart steps{.title = "Price after each step", .x = {"step"}, .y = {"price"}};
  add_path(steps, "sign, rate 2", 1, by_step(coordinate(by_sign)));
  add_path(steps, "sgd, rate 0.1", 0, by_step(coordinate(small)));
  add_path(steps, "sgd, rate 0.4", 2, by_step(coordinate(large)));
  page.charts = {hill, steps};
  page.numbers = {{"price of sgd at rate 0.1 after 10 steps", small.at(10)},
                  {"price of sgd at rate 0.1 after 20 steps", small.end()},
                  {"its revenue", revenue_at(small.end())},
                  {"price of sgd at rate 0.4 after 1 step", large.at(1)},
                  {"price of sgd at rate 0.4 after 2 steps", large.at(2)},
                  {"price of sign after 19 steps", by_sign.at(19)},
                  {"price of sign after 20 steps", by_sign.at(20)}};
  return page;
}

}  // namespace thalweg::gallery
