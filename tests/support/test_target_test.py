"""What ./run test NAME takes for a test, and what it says of a name that is none or several."""
import pathlib
import tempfile
import unittest

from test_target import find

FILES = ["kernels/update_test.cpp", "kernels/order_test.cpp", "host/order_test.cpp", "host/schedule_test.cpp",
         "end_to_end/step_calls_simt_test.cpp", "simt/runtime_test.cpp", "simt/runtime.cpp"]


class TestTarget(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for file in FILES:
            path = self.root / "tests" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def find(self, name, simt=False):
        return find(name, simt, self.root)

    def refusal(self, name):
        with self.assertRaises(LookupError) as caught:
            self.find(name)
        return caught.exception.args[0]

    def test_every_spelling_of_a_name_finds_the_same_program(self):
        for name in ["update", "update_test", "kernels_update_test", "kernels_update", "tests/kernels/update_test.cpp"]:
            self.assertEqual(self.find(name), ("release", "kernels_update_test", "build/release/tests/kernels_update_test"))

    def test_a_stem_in_two_folders_is_refused_and_both_are_named(self):
        self.assertEqual(self.refusal("order"), '"order" names more than one test: kernels_order_test, host_order_test')
        self.assertEqual(self.find("tests/host/order_test.cpp")[1], "host_order_test")

    def test_an_unknown_name_comes_with_those_that_hold_it_or_are_spelled_like_it(self):
        self.assertEqual(self.refusal("dule"), 'no test is named "dule"; the nearest are host_schedule_test')
        self.assertEqual(self.refusal("updaet"), 'no test is named "updaet"; the nearest are kernels_update_test')
        self.assertEqual(self.refusal("qqqqq"), 'no test is named "qqqqq"')

    def test_what_only_the_executor_can_run_is_built_with_it(self):
        self.assertEqual(self.find("step_calls_simt"), ("simt", "end_to_end_step_calls_simt_test",
                                                        "build/simt/tests/end_to_end_step_calls_simt_test"))
        self.assertEqual(self.find("runtime"), ("simt", "simt_runtime_test", "build/simt/tests/simt/simt_runtime_test"))
        self.assertEqual(self.find("update", simt=True)[2], "build/simt/tests/kernels_update_test")


if __name__ == "__main__":
    unittest.main()
