"""./run lists every verb in one line, and each script behind it is one. No verb that builds is run here."""
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERBS = {"demo", "test", "build", "check", "bench", "format", "kernels", "mutants", "parquet", "coverage", "gpu", "reliability",
         "sanitize", "fuzz", "differential", "peers", "defaults", "races", "onnx", "tensorboard", "gallery", "look", "mpi"}


def run(*words):
    return subprocess.run([ROOT / "run", *words], capture_output=True, text=True)


class RunVerbs(unittest.TestCase):
    def test_without_a_verb_it_lists_each_in_one_line(self):
        result = run()
        self.assertEqual(result.returncode, 2)
        lines = result.stderr.splitlines()
        self.assertEqual(lines[0], "usage: ./run VERB")
        self.assertEqual({line.split()[0] for line in lines[1:]}, VERBS)
        self.assertEqual(len(lines), 1 + len(VERBS))
        self.assertLessEqual(max(map(len, lines)), 140)

    def test_an_unknown_verb_is_named_before_the_list(self):
        result = run("demno")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr.splitlines()[0], './run: no verb is named "demno"')

    def test_every_script_can_be_run_and_is_sound_bash(self):
        for script in [ROOT / "run", *ROOT.glob("tests/*/*.sh"), *ROOT.glob("benchmarks/*/*.sh"),
                       *ROOT.glob("plugins/*/*.sh"), *ROOT.glob("examples/*/*.sh")]:
            self.assertTrue(os.access(script, os.X_OK), script)
            self.assertEqual(subprocess.run(["bash", "-n", script]).returncode, 0, script)

    def test_every_verb_that_the_documents_call_is_one(self):
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/*/*.md"), ROOT / ".ci" / "run"]:
            for verb in re.findall(r"\./run ([a-z]+)", page.read_text()):
                self.assertIn(verb, VERBS, page)

    def test_a_test_of_no_name_is_refused_before_anything_is_built(self):
        result = run("test", "qqqqq")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr, './run test: no test is named "qqqqq"\n')


if __name__ == "__main__":
    unittest.main()
