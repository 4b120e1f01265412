#!/usr/bin/env python3
"""A mutant behind its switch does what the same text does in its place: a small program, each of its mutants both ways.

./run mutants brings the parser and runs this before it draws, so no run of it skips this test.
"""
import pathlib
import subprocess
import tempfile
import unittest

import equivalents
import generate
import mutants
import switched

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
PROGRAM = b"""\
#include <cstdio>
#include <utility>
constexpr int kBase = 7;
constexpr int kTable[kBase + 1] = {1, 2};
template <int N> int times(int x) { return N * x; }
constexpr int twice(int x) { return x + x; }
static_assert(twice(2) == 4);
struct Settings { int width = 3; bool wide = false; };
int minus(int a, int b) { return a - b; }  // a comment
int count = 0;
void add(int x) {
  if (x > 90) return;
  count += x;
}
int sum(int n) {
  int total = 0;
  for (int i = 0; i < n; ++i) {
    if (i % 3 == 1 && n > 2) continue;
    total += kBase * i;  // runs on
    add(i);
    add(total);
  }
  return total > 10 ? total : -total;
}
int main() {
  const Settings settings;
  add(minus(9, 4));
  if (!settings.wide)
    add(twice(settings.width));
  else
    add(100);
  std::printf("%d %d %d\\n", sum(5), times<2>(3), count + kTable[1]);
}
"""


def compile_and_run(source, folder, name, number=0):
    """What the program prints, and its exit code."""
    program = folder / name
    if not program.exists():
        program.with_suffix(".cpp").write_text(source)
        subprocess.run(["g++", "-std=c++20", "-w", f"-I{FOLDER.parents[1]}", "-include", FOLDER / "switch.hpp",
                        program.with_suffix(".cpp"), FOLDER / "switch.cpp", "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, text=True, timeout=10, env={"THALWEG_MUTANT": str(number)})
    return done.stdout, done.returncode


def replaced(mutant):
    """The program with the mutant's text in place of its own; a statement that is left out is an empty one."""
    return (PROGRAM[:mutant.begin] + {"insertion": b" "}.get(mutant.shape, b"") +
            (mutant.after.removeprefix("{ ") or ";").encode() + PROGRAM[mutant.end:]).decode()


class Mutants(unittest.TestCase):
    def setUp(self):
        self.mutants = generate.mutants_of("program.cpp", PROGRAM)

    def names(self):
        return [mutant.name().removeprefix("program.cpp | ") for mutant in self.mutants]

    def test_every_kind_of_mutant_is_found(self):
        for name in ("add | x > 90 -> x >= 90", "add | count += x -> count -= x", "add | return; -> (left out)",
                     "add | { -> { return;", "sum | { -> { return {};", "sum | i % 3 == 1 && n > 2 -> false",
                     "sum | add(i); add(total); -> add(total); add(i);", "main | minus(9, 4) -> minus(4, 9)",
                     "sum | kBase -> kBase + kBase", "main | !settings.wide -> settings.wide", "sum | continue; -> (left out)"):
            self.assertIn(name, self.names())

    def test_what_the_compiler_evaluates_is_left_alone(self):
        for mutant in self.mutants:
            self.assertNotIn(mutant.line, (3, 4, 7), mutant.name())
            self.assertNotIn("times<2 + 1>", mutant.after)

    def test_names_stay_when_lines_are_added(self):
        later = generate.mutants_of("program.cpp", b"// one more\n\n" + PROGRAM)
        self.assertEqual([mutant.name() for mutant in later], [mutant.name() for mutant in self.mutants])
        self.assertEqual(len({mutant.name() for mutant in self.mutants}), len(self.mutants))

    def test_a_switched_mutant_does_what_its_text_does(self):
        numbered = list(enumerate(switched.without_overlaps(self.mutants), 1))
        source = switched.render(PROGRAM, numbered)
        self.assertEqual(source.count("\n"), PROGRAM.count(b"\n"))
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            plain = compile_and_run(PROGRAM.decode(), folder, "plain")
            self.assertEqual(compile_and_run(source, folder, "switched"), plain)
            changed = 0
            for number, mutant in numbered[::4]:
                got = compile_and_run(source, folder, "switched", number)
                self.assertEqual(got, compile_and_run(replaced(mutant), folder, f"mutant{number}"), mutant.name())
                changed += got != plain
            self.assertGreater(changed, len(numbered) / 4 / 2)

    def test_a_mutant_without_a_reason_is_no_equivalent(self):
        with tempfile.TemporaryDirectory() as name:
            listed = pathlib.Path(name, "equivalents.txt")
            listed.write_text("a.cpp | f | a -> b\n")
            self.assertRaises(ValueError, equivalents.Equivalents, listed)
            listed.write_text("= why\nprogram.cpp | add | x > 90 -> x >= 90\n~ \\bminus\\(4, 9\\)$\n")
            known = equivalents.Equivalents(listed)
            self.assertEqual(sum(known.reason(mutant) == "why" for mutant in self.mutants), 2)

    def test_every_equivalent_is_a_mutant_of_today(self):
        sources = mutants.source_files(["host", "kernels", "include"])
        names = {mutant.name() for file in sources for mutant in generate.mutants_of(file, (ROOT / file).read_bytes())}
        known = equivalents.Equivalents()
        self.assertEqual([name for name in known.names if name not in names], [])
        self.assertEqual([pattern.pattern for pattern, _ in known.patterns if not any(map(pattern.search, names))], [])


if __name__ == "__main__":
    unittest.main()
