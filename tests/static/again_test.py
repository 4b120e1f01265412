"""Which code of a kernel is kept when its source is compiled again: python3 tests/static/again_test.py"""
import contextlib
import io
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import again  # noqa: E402
import objects  # noqa: E402


def kernel(**registers):
    made = objects.Kernel("some: kernel", "some.cu.o")
    made.code = {architecture: objects.Code(count, 0, 0, 0) for architecture, count in registers.items()}
    return made


def above_100(made):
    return [architecture for architecture, code in made.code.items() if code.registers > 100]


def worst_above_100(made):
    return ["worst"] if above_100(made) else []


def registers(made):
    return {architecture: code.registers for architecture, code in made.code.items()}


class Again(unittest.TestCase):
    def test_every_architecture_keeps_the_code_without_a_finding(self):
        ours = kernel(sm_75=148, sm_90=96)
        again.better(ours, kernel(sm_75=90, sm_90=150), above_100)
        self.assertEqual(registers(ours), {"sm_75": 90, "sm_90": 96})

    def test_a_finding_over_all_architectures_takes_all_of_the_new_codes(self):
        ours = kernel(sm_75=148, sm_90=150)
        again.better(ours, kernel(sm_75=90, sm_90=92), worst_above_100)
        self.assertEqual(registers(ours), {"sm_75": 90, "sm_90": 92})

    def test_code_without_findings_stays(self):
        ours = kernel(sm_75=100)
        again.better(ours, kernel(sm_75=60), above_100)
        self.assertEqual(registers(ours), {"sm_75": 100})

    def test_a_finding_of_every_compilation_stands(self):
        ours, tries = kernel(sm_75=148), []
        again.compiled, real = lambda *path: tries.append(path) or [kernel(sm_75=147)], again.compiled
        try:
            with contextlib.redirect_stdout(io.StringIO()) as said:
                again.improve([ours], "build", "folder", above_100)
        finally:
            again.compiled = real
        self.assertEqual(len(tries), again.TRIES)
        self.assertIn("some.cu.o: findings, compiled again", said.getvalue())
        self.assertEqual(above_100(ours), ["sm_75"])


if __name__ == "__main__":
    unittest.main()
