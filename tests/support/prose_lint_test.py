"""prose_lint.py finds planted faults, and leaves good English alone."""
import unittest

from prose_lint import document_findings, script_findings, source_findings, word_count

LONG = "so " * 35 + "end."


class ProseLint(unittest.TestCase):
    def wording(self, text):
        return [(line, what.split(":")[0]) for line, what in document_findings(text)]

    def test_private_words_are_found_with_their_lines(self):
        self.assertEqual(self.wording("One.\nThis is no model.\n"), [(2, '"is no"')])
        self.assertEqual(self.wording("They are no finite numbers."), [(1, '"are no"')])
        self.assertEqual(self.wording("We ask memory for rows."), [(1, '"ask memory for"')])
        self.assertEqual(self.wording("Rows are asked of memory early."), [(1, '"asked of memory"')])
        self.assertEqual(self.wording("It may spoil the gradient."), [(1, '"spoil"')])

    def test_english_that_only_looks_like_them_is_left_alone(self):
        for text in ["There is no time stamp.", "It is no longer valid.", "It is no more than a map.", "It asks for a name.",
                     "The call `is no key` fails.", "[text](docs/is no page.md)"]:
            self.assertEqual(list(document_findings(text)), [], text)

    def test_a_sentence_of_36_words_is_too_long_and_one_of_35_is_not(self):
        self.assertEqual(list(document_findings("First.\n\n" + LONG)),
                         [(3, 'a sentence of 36 words: "so so so so so so so so so so so so so so so so so so so so ..."')])
        self.assertEqual(list(document_findings("so " * 34 + "end.")), [])

    def test_a_sentence_is_counted_over_its_lines_and_ends_with_its_item(self):
        words = "so " * 20
        self.assertEqual(len(list(document_findings(f"{words}\n{words}\n"))), 1)
        self.assertEqual(len(list(document_findings(f"- item\n  {words}\n  {words}\n"))), 1)
        self.assertEqual(list(document_findings(f"- {words}\n- {words}\n1. {words}\n\n{words}. The next {words}")), [])

    def test_tables_code_and_headings_may_be_long(self):
        wide = "word " * 40
        for text in [f"| {wide} |", f"```\n{wide}\n```", f"    {wide}", f"# {wide}", f"1. item\n\n       {wide}\n"]:
            self.assertEqual(list(document_findings(text)), [], text)

    def test_a_code_span_is_one_word_and_a_link_is_its_text(self):
        self.assertEqual(word_count("CODE and [two words]"), 4)
        self.assertEqual(list(document_findings("so " * 33 + "`a b c d e` end.")), [])

    def test_a_line_of_141_characters_is_too_long_and_one_of_140_is_not(self):
        self.assertEqual(list(document_findings("x" * 141)), [(1, "a line of 141 characters")])
        self.assertEqual(list(document_findings("x" * 140)), [])

    def test_comments_of_sources_are_read_and_their_code_is_not(self):
        self.assertEqual(list(source_findings('const char* is no = "is no";  // this is no model\n// but why?')),
                         [(1, '"is no": say "is not a"'), (2, '"but why?": a comment is a statement')])
        self.assertEqual(list(source_findings("x = a ? b : c;  ///< whether it is a model\n// https://a.example")), [])

    def test_messages_of_scripts_are_read(self):
        self.assertEqual(list(script_findings('say "this is no verb"')), [(1, '"is no": say "is not a"')])


if __name__ == "__main__":
    unittest.main()
