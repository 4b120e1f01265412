#!/usr/bin/env python3
"""The survey on a GPU with a program that only looks like one: what the report says, and that it is whole when it is cut."""
import pathlib
import stat
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import calibration  # noqa: E402
import survey  # noqa: E402
import golden  # noqa: E402
import parts  # noqa: E402

FIGURES = {"copy": 4.5e12, "cache.L2": 5.5e12, "fma": 59.3e12, "graph_node": 0.9e-6, "grid_barrier": 1.5e-6,
           "small_copy": 1.9e-6, "latency.L2": 0.2e-6, "latency.memory": 0.61e-6}
PROGRAM = r"""#!/usr/bin/env python3
import json, sys
words = sys.argv[1:]
if words[0] == "bench" and words[1] == "machine":
    print(json.dumps({"kind": "machine", "processor": "NVIDIA H200", "figures": %s}))
elif words[0] == "bench":
    print(json.dumps({"kind": "result", "shape": {"batch": 256}, "seconds": 2e-5, "percent_of_limit": 41.5}))
elif words[0] == "train" and "--json" in words:
    print(json.dumps({"parameters.xxh3": "%s" if "--seed=1" in words else "0"}, indent=2))
elif words[0] == "info":
    print("thalweg of a test")
"""


TEST = "#!/bin/sh\necho \"$0 $1 $2\"\nexit %s\n"


def executable(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def program(folder, recorded):
    figures = {name: {"value": value, "unit": "", "bytes": 0} for name, value in FIGURES.items()}
    executable(pathlib.Path(folder) / "thalweg", PROGRAM % (figures, recorded))


class Golden(unittest.TestCase):
    TEXT = "all: --seed=1 --x=0\na: --x=1\na.one h1 --x=2\na.two h2\n# no run\nb.one h3\n"

    def test_a_run_has_the_flags_of_all_of_its_group_and_its_own(self):
        one, two, other = golden.runs(self.TEXT)
        self.assertEqual(one, ("a.one", "h1", ["--seed=1", "--x=0", "--x=1", "--x=2"]))
        self.assertEqual(two.flags, ["--seed=1", "--x=0", "--x=1"])
        self.assertEqual(other.flags, ["--seed=1", "--x=0"])

    def test_groups_take_turns(self):
        self.assertEqual([run.name for run in golden.in_turn(golden.runs(self.TEXT))], ["a.one", "b.one", "a.two"])

    def test_the_recorded_file_has_runs_of_many_groups(self):
        runs = golden.runs()
        self.assertGreaterEqual(len(runs), 100)
        self.assertTrue(all(len(run.hash) == 32 and "--seed=1" in run.flags for run in runs))


class Calibration(unittest.TestCase):
    def test_figures_become_constants_in_the_units_of_the_model(self):
        gpu = next(gpu for gpu in calibration.devices.NOMINAL if gpu.name == "H200")
        found = calibration.constants(gpu, {name: {"value": value} for name, value in FIGURES.items()})
        self.assertEqual(found, {"dram_terabytes": 5.0, "l2_terabytes": 5.5, "gigahertz": 1.75, "node_us": 0.9,
                                 "barrier_us": 1.5, "copy_us": 1.9, "l2_latency_us": 0.2, "dram_latency_us": 0.61})

    def test_a_gpu_that_the_model_does_not_know_is_named(self):
        self.assertIn('"NVIDIA T4"', calibration.entry("NVIDIA T4", {}))


class Surveys(unittest.TestCase):
    def run_for(self, seconds, recorded="h"):
        with tempfile.TemporaryDirectory() as folder:
            program(folder, recorded)
            file = pathlib.Path(folder) / "report.md"
            report = survey.Report(file)
            self.survey = survey.Survey(pathlib.Path(folder), True, seconds, report)
            self.runs, parts.golden.runs = parts.golden.runs, lambda: self.golden
            try:
                for name, part, share in parts.PARTS:
                    self.survey.carry_out(name, part, share)
            finally:
                parts.golden.runs = self.runs
            report.file.close()
            return file.read_text()

    golden = [golden.Run("a.one", "h", ["--seed=1"]), golden.Run("a.two", "h", ["--seed=2"])]

    def test_every_part_stands_in_the_report(self):
        text = self.run_for(600)
        for name, _, _ in parts.PARTS:
            self.assertIn(f"## {name}\n", text)
        self.assertIn("thalweg of a test", text)
        self.assertIn("- dense: ok", text)
        self.assertIn('{"H200": {"dram_terabytes": 5.0', text)
        self.assertIn("- batch=256: 20 us, 41.5 % of the limit", text)

    def test_a_run_with_other_bits_is_named_and_counted_as_a_failure(self):
        text = self.run_for(600)
        self.assertIn("- a.one: equal\n- a.two: 0; expected h\n", text)
        self.assertIn("1 of 2 runs have the bits of the cpu; 1 have not; 0 were not reached", text)
        self.assertEqual(self.survey.failures, 1)

    def test_a_part_that_breaks_is_told_and_the_next_ones_follow(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "report.md"
            broken = survey.Survey(pathlib.Path(folder), True, 10, survey.Report(file))
            broken.carry_out("first", lambda d: {}["missing"], 1.0)
            broken.carry_out("second", lambda d: d.report.say("here"), 1.0)
            text = file.read_text()
            self.assertIn("KeyError: 'missing'", text)
            self.assertIn("## second\n\nhere\n", text)
            self.assertEqual(broken.failures, 1)

    def test_test_programs_of_ops_come_first_the_smallest_before_all(self):
        with tempfile.TemporaryDirectory() as folder:
            tests, file = pathlib.Path(folder) / "tests", pathlib.Path(folder) / "report.md"
            tests.mkdir()
            executable(tests / "host_a_test", TEST % 0)
            executable(tests / "kernels_large_test", TEST % 0 + 100 * "#")
            executable(tests / "kernels_small_test", TEST % 3)
            ended = survey.Survey(pathlib.Path(folder), True, 60, survey.Report(file))
            ended.carry_out("Tests", parts.tests, 1.0)
            text = file.read_text()
            self.assertEqual([line.split(":")[0] for line in text.splitlines() if line.startswith("- ")],
                             ["- kernels_small_test", "- kernels_large_test", "- host_a_test"])
            self.assertIn("- kernels_small_test: exit code 3", text)
            self.assertIn("kernels_small_test --gtest_brief=1 --gtest_filter=*cuda*:Fast*", text)
            self.assertEqual(ended.failures, 1)

    def test_without_time_every_part_says_so(self):
        text = self.run_for(0)
        self.assertEqual(text.count("no time was left"), len(parts.PARTS))
        self.assertEqual(self.survey.failures, 0)

    def test_a_command_that_outlasts_its_part_is_cut_and_is_no_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            alone = survey.Survey(pathlib.Path(folder), True, 2, survey.Report(pathlib.Path(folder) / "report.md"))
            outcome = alone.run("sh", "-c", "echo '{\"a\": 1}'; echo '{\"b'; exec sleep 30")
            self.assertEqual(outcome.verdict, "cut")
            self.assertEqual(parts.lines_of(outcome.text), [{"a": 1}])
            self.assertLess(outcome.seconds, 10)
            self.assertEqual(alone.failures, 0)

    def test_a_part_leaves_the_rest_of_the_time_to_those_behind_it(self):
        now = [0.0]
        with tempfile.TemporaryDirectory() as folder:
            timed = survey.Survey(pathlib.Path(folder), True, 100, survey.Report(pathlib.Path(folder) / "r"), lambda: now[0])
            left = []
            timed.carry_out("first", lambda d: left.append(d.left()), 0.25)
            now[0] = 60.0
            timed.carry_out("second", lambda d: left.append(d.left()), 0.5)
            self.assertEqual(left, [25.0, 20.0])


if __name__ == "__main__":
    unittest.main()
