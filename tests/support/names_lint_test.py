"""names_lint.py finds planted names, and leaves the tables and other meanings alone."""
import unittest

from names_lint import findings, known_names, names_of


class NamesLint(unittest.TestCase):
    def test_names_are_those_of_the_tables(self):
        self.assertEqual(names_of("Rule", '({{Rule::sgd, "sgd"}, {Rule::adam,\n "adam"}, {Loss::huber, "huber"}})'), {"sgd", "adam"})
        self.assertLess({"adamw", "ftrl", "gelu", "softmax_cross_entropy"}, known_names())
        self.assertNotIn("auto", known_names())

    def test_a_name_is_found_with_its_line(self):
        self.assertEqual(findings("host/a.cpp", 'one;\nif (name == "adamw") two;\n', {"adamw"}), [(2, "adamw")])
        self.assertEqual(findings("host/a.cpp", 'list = {"adamw", "sgd"};', {"adamw", "sgd"}), [(1, "adamw"), (1, "sgd")])

    def test_tables_parts_of_words_and_other_meanings_are_left_alone(self):
        self.assertEqual(findings("host/config/other_names.hpp", '"adamw"', {"adamw"}), [])
        self.assertEqual(findings("host/a.cpp", '"adamw_state" adamw', {"adamw"}), [])
        self.assertEqual(findings("include/thalweg/settings/optimizer.hpp", '"momentum"', {"momentum"}), [])


if __name__ == "__main__":
    unittest.main()
