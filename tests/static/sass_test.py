"""Loops and instructions of machine code, against numbers worked out by hand: python3 tests/static/sass_test.py"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import model  # noqa: E402
import ratchet  # noqa: E402
import sass  # noqa: E402
import work  # noqa: E402

# Two ways to load, a loop with another one for what is left over, a store.
CODE = """        /*0000*/                   S2R R0, SR_TID.X ;
        /*0010*/               @P0 BRA 0x50 ;
        /*0020*/                   LDG.E R2, [R4.64] ;
        /*0030*/                   LDG.E R3, [R4.64+0x4] ;
        /*0040*/                   BRA 0x60 ;
        /*0050*/                   LDG.E.128 R4, [R6.64] ;
        /*0060*/                   FFMA R1, R2, R3, R1 ;
        /*0070*/                   FFMA R9, R2, R3, R9 ;
        /*0080*/                   IADD3 R8, R8, 0x1, RZ ;
        /*0090*/              @!P1 BRA 0x60 ;
        /*00a0*/                   FFMA R1, R2, R3, R1 ;
        /*00b0*/              @!P2 BRA 0xa0 ;
        /*00c0*/                   STG.E [R2.64], R1 ;
        /*00d0*/                   EXIT ;
        /*00e0*/                   BRA 0xe0;""".splitlines()
MAIN = work.Loop("FFMA", per_thread=20)


class Flow(unittest.TestCase):
    def setUp(self):
        self.flow = sass.Flow(CODE)

    def test_loops_are_found_by_their_backward_branches(self):
        self.assertEqual([sorted(loop.body) for loop in self.flow.loops], [[10, 11], [6, 7, 8, 9]])

    def test_the_loop_with_most_of_an_opcode_is_the_hottest(self):
        self.assertEqual(self.flow.hottest("FFMA").header, 6)
        self.assertEqual(self.flow.hottest("FFMA", without="IADD3").header, 10)
        self.assertIsNone(self.flow.hottest("FFMA", having=("LDS",)))

    def test_the_way_takes_the_wide_load(self):
        self.assertEqual(self.flow.path({}), [0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13])

    def test_a_loop_counts_once_for_each_turn_and_what_is_left_over_not_at_all(self):
        turns = model.turns_of(self.flow, (MAIN,))
        self.assertEqual({loop.header: count for loop, count in turns.items()}, {6: 10, 10: 0})
        self.assertEqual(dict(+self.flow.issued(turns)), {"int": 11, "control": 12, "global": 2, "ffma": 20})

    def test_branches_are_followed_by_their_conditions(self):
        flow = sass.Flow("""/*0000*/ BRA P4, 0x50 ;
            /*0010*/ BRA.U !UP0, 0x50 ;
            /*0020*/ BRA.DIV UR8, 0x50 ;
            /*0030*/ BRA.CONV ~URZ, 0x50 ;
            /*0040*/ BRA 0x60 ;
            /*0050*/ @P0 EXIT ;
            /*0060*/ EXIT ;
            /*0070*/ BRA 0x70;""".splitlines())
        self.assertEqual(flow.next, [[5, 1], [5, 2], [3], [5, 4], [6], [6], [], []])

    def test_a_loop_around_another_shares_its_work_out(self):
        flow = sass.Flow("""/*0000*/ MOV R1, R2 ;
            /*0010*/ LDS R2, [R3] ;
            /*0020*/ FFMA R1, R2, R3, R1 ;
            /*0030*/ @P0 BRA 0x20 ;
            /*0040*/ @P1 BRA 0x10 ;
            /*0050*/ EXIT ;""".splitlines())
        turns = model.turns_of(flow, (work.Loop("FFMA", per_thread=12, around=3),))
        self.assertEqual({loop.header: count for loop, count in turns.items()}, {2: 4, 1: 3})
        self.assertEqual(flow.issued(turns)["ffma"], 12)
        self.assertEqual(flow.issued(turns)["shared"], 3)

    def test_index_arithmetic_of_two_words_is_a_class_of_its_own(self):
        kinds = {opcode: sass.kind_of(opcode) for opcode in ("IMAD.WIDE", "IADD3.X", "LEA.HI.X", "IADD3", "IMAD", "LDGSTS.E.128", "SHF.R.S32.HI",
                                                         "SHF.L.U64.HI", "ISETP.GE.AND.EX")}
        self.assertEqual(kinds, {"IMAD.WIDE": "int64", "IADD3.X": "int64", "LEA.HI.X": "int64", "IADD3": "int", "IMAD": "int",
                                 "LDGSTS.E.128": "global", "SHF.R.S32.HI": "int", "SHF.L.U64.HI": "int64",
                                 "ISETP.GE.AND.EX": "int64"})


class Loops(unittest.TestCase):
    def test_index_arithmetic_counts_inside_loops_alone(self):
        flow = sass.Flow("""/*0000*/ IMAD.WIDE R2, R1, R3, R4 ;
            /*0010*/ IADD3.X R2, R1, R3, R4 ;
            /*0020*/ @P0 BRA 0x10 ;
            /*0030*/ EXIT ;""".splitlines())
        self.assertEqual(ratchet.int64_in_loops(flow), 1)

    def test_ffma_of_a_loop_as_a_share_of_what_is_issued(self):
        self.assertAlmostEqual(ratchet.main_loop_ffma(sass.Flow(CODE), None), 50, places=3)  # two of four


if __name__ == "__main__":
    unittest.main()
