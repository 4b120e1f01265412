"""The performance model against numbers worked out by hand: python3 tests/static/model_test.py"""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import devices  # noqa: E402
import model  # noqa: E402
import nodes  # noqa: E402
import predict  # noqa: E402
import ratchet  # noqa: E402
import sass  # noqa: E402
import work  # noqa: E402
from sass_test import CODE, MAIN  # noqa: E402


class Resources:
    registers, shared, lines = 32, 0, CODE


def gpu(**more):
    values = dict(name="round", architecture="sm_90", dram_terabytes=1.0, multiprocessors=10, gigahertz=1.0, l2_megabytes=1.0,
                  l2_terabytes=2.0, node_us=1.0, barrier_us=2.0, copy_us=3.0, l2_latency_us=0.25, dram_latency_us=0.5,
                  fma_clocks=1.25, warp_clocks=3.0, shared_quad_passes=2.0)
    return devices.Gpu(**values | more)


def node(kernel="squares", grid=(20, 1, 1), threads=64, op="op", shared=0):
    return nodes.Node(op, kernel, grid, (threads, 1, 1), shared, False)


class NodeTime(unittest.TestCase):
    def parts(self, works, resident=True, **more):
        return model.node_parts(gpu(**more), node(), Resources, sass.Flow(CODE), works, resident)

    def test_pipes_of_the_busiest_multiprocessor(self):
        parts = self.parts(work.Work(loops=(MAIN,)))  # 2 blocks of 2 warps: 45 instructions each, 1 clock a nanosecond
        self.assertAlmostEqual(parts["issue"], 4 * 45 / 4 / 1000)
        self.assertAlmostEqual(parts["fp32"], 4 * 20 / 4 / 1000)
        self.assertAlmostEqual(parts["int"], 4 * 11 / 2 / 1000)
        self.assertAlmostEqual(parts["memory"], 4 * (4 + 1) / 1000)
        self.assertAlmostEqual(parts["warp"], (20 * 1.25 + 25 * 3) / 1000)

    def test_half_the_lanes_take_twice_as_long(self):
        self.assertAlmostEqual(self.parts(work.Work(loops=(MAIN,)), architecture="sm_80")["fp32"], 4 * 20 / 2 / 1000)

    def test_bytes_over_the_rates_of_dram_and_l2(self):
        parts = self.parts(work.Work(cold=9e5, warm=1.1e6))
        self.assertAlmostEqual(parts["DRAM"], 1.0)
        self.assertAlmostEqual(parts["L2"], 1.0)

    def test_what_l2_does_not_hold_comes_from_dram(self):
        self.assertAlmostEqual(self.parts(work.Work(cold=9e5, warm=9e5), resident=False)["DRAM"], 2.0)

    def test_of_sectors_that_are_read_again_dram_gives_each_byte_once(self):
        self.assertAlmostEqual(self.parts(work.Work(warm=9e6, distinct=8e5, stored=1e5), resident=False)["DRAM"], 1.0)

    def test_a_store_of_four_bytes_moves_four_times_the_sectors(self):
        self.assertAlmostEqual(self.parts(work.Work(stored=1e6))["L2"], 2.0)

    def test_round_trips_and_barriers(self):
        parts = self.parts(work.Work(l2_rounds=2, dram_rounds=3, barriers=4, kernels=5))
        self.assertEqual([parts[part] for part in ("latency", "barrier", "node")], [2 * 0.25 + 3 * 0.5, 8.0, 5.0])

    def test_a_loop_that_waits_pays_each_turn(self):
        waiting = work.Loop("FFMA", per_thread=20, waits="dram")
        self.assertAlmostEqual(self.parts(work.Work(loops=(waiting,), l2_rounds=0))["latency"], 10 * 0.5)

    def test_waves_of_blocks_come_one_after_the_other(self):
        many = node(grid=(10 * 33, 1, 1), threads=64)  # 33 blocks a multiprocessor, 32 fit
        parts = model.node_parts(gpu(), many, Resources, sass.Flow(CODE), work.Work(l2_rounds=1), True)
        self.assertEqual(parts["latency"], 2 * 0.25)

    def test_a_node_is_its_launch_its_waits_and_the_longest_of_what_overlaps(self):
        time = model.node_time(gpu(), {"node": 1.0, "latency": 0.5, "barrier": 0.25, "DRAM": 3.0, "L2": 2.0, "issue": 2.5})
        self.assertEqual((time.microseconds, time.binds), (4.75, "DRAM"))


class Steps(unittest.TestCase):
    TEXT = ("dense-256: H100, H200, 1 copies\n  op | thrust | 1,1,1 | 64,1,1 | 0 | -\n"
            "  op | squares | 20,2,1 | 64,1,1 | 8 | cooperative\n")

    def test_recorded_nodes_are_read_as_they_were_written(self):
        steps = nodes.read(self.TEXT)
        self.assertEqual(sorted(steps), [("dense-256", "H100"), ("dense-256", "H200")])
        self.assertEqual(steps["dense-256", "H200"].nodes[1], nodes.Node("op", "squares", (20, 2, 1), (64, 1, 1), 8, True))
        self.assertEqual(steps["dense-256", "H200"].nodes[1].all_threads, 2560)
        self.assertEqual(nodes.written(steps), self.TEXT)

    def test_what_the_recorder_prints_gets_the_names_of_its_symbols(self):
        text = "work dense-256 1 2\nnode op -16 20,2,1 64,1,1 8 1\nwork empty-1 0 0\n"
        steps = nodes.parsed(text, {-16: "cuda::thrust<lambda>"})
        self.assertEqual(steps["dense-256"], nodes.Step(3, (nodes.Node("op", "thrust", (20, 2, 1), (64, 1, 1), 8, True),)))
        self.assertEqual(steps["empty-1"].nodes, ())

    def test_every_committed_step_has_a_workload_and_every_kernel_its_work(self):
        steps = nodes.read(nodes.GOLDEN.read_text())
        self.assertEqual({workload for workload, _ in steps}, set(work.SHAPES))
        self.assertEqual({name for _, name in steps}, {gpu.name for gpu in devices.NOMINAL})
        for (workload, _), step in steps.items():
            for launched in step.nodes:
                self.assertGreaterEqual(work.work_of(launched, work.SHAPES[workload], 0).warm, 0)

    def test_a_step_is_the_sum_of_its_nodes_and_copies(self):
        step = nodes.Step(2, (node("thrust", op="sort_pairs"), node("finish_norm")))
        shape = work.Shape("sparse", 100, (1000, 1), 10)
        found = model.predict(gpu(), step, shape, lambda *_: (Resources, sass.Flow(CODE)))
        sort = 6 * 1.0 + 4 * 0.25 + 1000 * 68 / 2e6
        self.assertAlmostEqual(found.nodes[0][1].microseconds, sort)
        self.assertAlmostEqual(found.microseconds, sort + found.nodes[1][1].microseconds + 2 * 3.0)
        self.assertEqual(found.binds, "thrust: node")
        self.assertAlmostEqual(found.share, 100 * (8 * 10 + 16) / 1e6 / found.microseconds)


class Budgets(unittest.TestCase):
    def test_a_step_more_than_three_per_cent_slower_is_a_finding(self):
        budget = {"dense-256": {"H200": [100.0, 5.0, "x"]}}
        self.assertEqual(list(predict.findings({"dense-256": {"H200": [103.0, 5, "x"]}}, budget)), [])
        found = list(predict.findings({"dense-256": {"H200": [103.1, 5, "x: DRAM"]}}, budget))
        self.assertEqual(found, ["dense-256 on H200: 103.1 us predicted, 100.0 committed; x: DRAM takes longest"])
        self.assertIn("no committed", next(predict.findings({"dense-256": {"L4": [1.0, 5, "x"]}}, budget)))
        self.assertIn("no such workload", next(predict.findings({}, budget)))

    def test_predictions_stand_in_the_order_of_the_tables(self):
        keys = [("mlp-256", "B200"), ("mlp-256", "L4"), ("dense-256", "L4")]
        found = {key: model.Prediction(1234.56, 0.123456, "x: y", ()) for key in keys}
        rows = predict.table(found)
        self.assertEqual([(workload, list(of)) for workload, of in rows.items()],
                         [("dense-256", ["L4"]), ("mlp-256", ["L4", "B200"])])
        self.assertEqual(rows["mlp-256"]["L4"], [1235.0, 12.3, "x: y"])
        printed = list(predict.printed({"mlp-256": rows["mlp-256"]}))
        self.assertEqual(printed[0].split(), ["workload", "L4", "B200"])
        self.assertEqual(printed[1].split(), ["mlp-256", "1235", "us", "12.3", "%", "1235", "us", "12.3", "%"])

    def test_each_node_of_a_step_is_a_line(self):
        nodes_of = ((node("product<SmallTile,Side>", (8, 2, 1), 64), model.Time(23.456, "warp")),)
        line = next(predict.node_table(model.Prediction(30, 0.1, "", nodes_of)))
        self.assertEqual(line.split(), ["23.46", "us", "warp", "product<SmallTile", "16", "x", "64"])

    def test_what_steps_launch_is_what_objects_are_read_for(self):
        steps = {("a", "H200"): nodes.Step(0, (node("thrust"), node("record"), node("record")))}
        self.assertEqual(predict.launched(steps), {"record"})

    def test_predictions_are_read_as_they_were_written(self):
        rows = {"a": {"H200": [1.5, 2.0, "x: y"], "L4": [3.0, 4.0, "z: w"]}, "b": {"H200": [5.0, 6.0, "x: y"]}}
        self.assertEqual(json.loads(predict.written(rows)), rows)

    def test_a_ratchet_lets_a_kernel_get_better_alone(self):
        budget = {"k": {"ffma_percent": 60.0, "narrow_stores": 4}}
        self.assertEqual(list(ratchet.findings({"k": {"ffma_percent": 61.0, "narrow_stores": 3}}, budget)), [])
        self.assertEqual(list(ratchet.findings({"k": {"ffma_percent": 59.9, "narrow_stores": 5}}, budget)),
                         [("k", "ffma_percent is 59.9, 60.0 allowed"), ("k", "narrow_stores is 5, 4 allowed")])
        self.assertEqual(list(ratchet.findings({"new": {}}, budget)), [("new", "not in ratchet.json")])

    def test_conflicts_are_a_share_of_all_passes_of_a_turn(self):
        text = "LargeTile depth,depth rows 128 128\nLargeTile depth,depth row_copies 16 8\nplanted - rows 32 1\n"
        self.assertEqual(ratchet.conflicts(text), {("LargeTile", "depth,depth"): 100 * 8 / 144, ("planted", "-"): 100 * 31 / 32})


class Calibration(unittest.TestCase):
    def test_measured_constants_take_the_place_of_nominal_ones(self):
        text = json.dumps({"H200": {"node_us": 0.9, "source": "a run"}})
        found = {gpu.name: gpu for gpu in devices.calibrated(devices.NOMINAL, text)}
        self.assertEqual((found["H200"].node_us, found["H100"].node_us), (0.9, 1.3))

    def test_unknown_names_and_missing_sources_are_errors(self):
        for text in ('{"K80": {}}', '{"H200": {"node_us": 1}}', '{"H200": {"speed": 1, "source": "x"}}'):
            with self.assertRaises(ValueError):
                devices.calibrated(devices.NOMINAL, text)

    def test_the_committed_calibration_is_one(self):
        self.assertEqual([gpu.name for gpu in devices.gpus()], [gpu.name for gpu in devices.NOMINAL])

    def test_peaks_follow_from_lanes_and_clocks(self):
        peaks = {gpu.name: round(gpu.fp32_teraflops, 1) for gpu in devices.NOMINAL}
        self.assertEqual(peaks, {"A100": 19.5, "L4": 30.3, "RTX 4090": 82.6, "H100": 59.3, "H200": 59.3, "RTX 5090": 104.9,
                                 "B200": 70.1})


if __name__ == "__main__":
    unittest.main()
