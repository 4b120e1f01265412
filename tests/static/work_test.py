"""What the kernels of a step do, against numbers worked out by hand: python3 tests/static/work_test.py"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import model  # noqa: E402
import work  # noqa: E402
from model_test import gpu, node  # noqa: E402

ENTRIES = 256 * 39  # of a batch of the workload sparse-256
PARAMETERS = 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10  # 669,706


def work_of(kernel, workload, turn=0, **more):
    return work.work_of(node(kernel, **more), work.SHAPES[workload], turn)


class Shapes(unittest.TestCase):
    def test_flops_of_a_training_step_leave_out_the_gradient_of_the_inputs(self):
        # 2 N (784 512 + 512 512 + 512 10) = 2 N 668,672 forward
        self.assertEqual(work.SHAPES["mlp-256"].flops, 256 * (6 * 668672 - 2 * 784 * 512))
        self.assertEqual(work.SHAPES["predict-1024"].flops, 2 * 1024 * 1000)
        self.assertEqual(work.SHAPES["sparse-256"].flops, 4 * ENTRIES)

    def test_parameters_are_weights_and_biases(self):
        self.assertEqual(work.SHAPES["mlp-256"].parameters, PARAMETERS)
        self.assertEqual(work.SHAPES["dense-256"].parameters, 1001)

    def test_rows_are_floats_or_entries_with_their_columns(self):
        self.assertEqual(work.SHAPES["dense-256"].row_bytes, 4000)
        self.assertEqual(work.SHAPES["sparse-256"].row_bytes, 39 * 8 + 16)

    def test_a_step_works_on_parameters_gradients_states_chains_and_activations(self):
        self.assertEqual(model.footprint(work.SHAPES["dense-256"]), 4 * 1001 * (2 + 8) + 8 * 256)
        self.assertEqual(model.footprint(work.SHAPES["mlp-256"]), 4 * PARAMETERS * (4 + 8) + 8 * 256 * (512 + 512 + 10))
        self.assertEqual(model.footprint(work.SHAPES["sparse-256"]), 4 * ENTRIES * (2 + 8) + 8 * 256)

    def test_the_roof_is_the_larger_of_memory_and_arithmetic(self):
        self.assertAlmostEqual(model.roof(gpu(), work.SHAPES["dense-256"]), 1.024)  # 1 TB/s
        # 2 x 128 lanes x 10 multiprocessors x 1 GHz = 2.56 TF
        self.assertAlmostEqual(model.roof(gpu(), work.SHAPES["mlp-256"]), 821559296 / 2.56e6)


class Products(unittest.TestCase):
    def test_each_side_is_read_once_for_every_tile_across(self):
        found = work_of("product<SmallTile,>", "mlp-256", 1, op="linear_forward")
        self.assertEqual(found.warm, 4 * 512 * (256 * 16 + 512 * 8))
        self.assertEqual((found.cold, found.stored, found.distinct), (0, 4 * 256 * 512, 4 * 512 * (256 + 512)))
        self.assertEqual((found.loops[0].per_thread, found.loops[0].around, found.loops[1].turns), (16 * 512, 512 / 32 + 3, 4))
        self.assertEqual((found.l2_rounds, found.dram_rounds), (2, 0))
        self.assertAlmostEqual(found.per_turn, 1 / 3)  # four stages

    def test_the_first_one_reads_its_rows_from_dram(self):
        found = work_of("product<SmallTile,>", "softmax-256", op="linear_forward")
        self.assertEqual((found.cold, found.dram_rounds), (256 * 784 * 4, 1))
        self.assertEqual(found.warm, 4 * 784 * (256 * 1 + 10 * 8) - 256 * 784 * 4)

    def test_gradients_of_inputs_begin_at_the_last_layer(self):
        found = work_of("product<SmallTile,>", "mlp-256", 0, op="linear_input_grad")
        self.assertEqual(found.warm, 4 * 10 * (256 * 16 + 512 * 8))
        self.assertEqual((found.loops[0].per_thread, found.loops[0].around), (16 * 12, 1 + 3))  # ten terms, as twelve

    def test_gradients_of_weights_are_eight_products_of_an_eighth_of_the_rows(self):
        found = work_of("slice_product<LargeTile,>", "mlp-1024", 2)
        self.assertEqual(found.warm, 4 * 128 * 8 * (512 * 7 + 784 * 4))
        self.assertEqual((found.stored, found.distinct), (4 * 512 * 784 * 8, 4 * 128 * 8 * (512 + 784)))
        self.assertEqual((found.loops[0].per_thread, found.loops[0].around), (64 * 128, 128 / 16 + 1))


class Linear(unittest.TestCase):
    def test_a_dense_step_keeps_as_many_rows_as_its_shared_memory_holds(self):
        # 16 groups: 8 chains, 64 columns; a row takes 4 (9 x 8) + 4 = 292 bytes, 16 rows 4672
        found = work_of("dense_step<float>", "dense-256", grid=(16, 8, 1), threads=256, shared=4672)
        self.assertEqual((found.cold, found.barriers, found.dram_rounds, found.l2_rounds), (256 * 4000, 4, 4, 4))
        self.assertEqual(found.warm, 256 * (1024 + 8) + 4 * 1000 * 8 * 3)
        self.assertEqual([loop.per_thread for loop in found.loops], [32 * 64 / 4 / 256, 32 * 64 / 256, 32])

    def test_a_group_of_its_own_needs_no_barrier(self):
        found = work_of("dense_step<float>", "dense-256", grid=(1, 8, 1), threads=256, shared=32 * (4 * 9 * 128 + 4))
        self.assertEqual((found.barriers, found.dram_rounds), (0, 2))
        self.assertEqual(found.loops[2].per_thread, 32 * 4)  # 1,024 columns, four for each thread

    def test_a_burst_counts_one_of_its_steps(self):
        # one group: 1,024 columns; beside the rows 1004 + 1028 floats, and 4 (9 x 128) + 12 bytes for each of 32
        alone = work_of("linear_burst<float>", "dense-256", grid=(1, 8, 1), threads=512, shared=4 * 2032 + 32 * 4620)
        self.assertEqual((alone.cold, alone.barriers, alone.dram_rounds, alone.l2_rounds), (256 * 4000, 1, 0, 3))
        self.assertEqual(alone.warm, 256 * (1024 + 128) + 4 * 8000 + 8 * 4 * (8000 + 256))
        self.assertEqual(alone.kernels, 1 / 32)
        # two groups, half of the rows at a time: the blocks meet twice for each of two chunks
        shared = work_of("linear_burst<float>", "dense-256", grid=(2, 8, 1), threads=512, shared=4 * (1004 + 516) + 16 * 2316)
        self.assertEqual((shared.barriers, shared.dram_rounds, shared.l2_rounds), (5, 1, 6))

    def test_few_outputs_share_a_row_among_the_lanes_of_a_warp(self):
        found = work_of("few_outputs<4,1,Lines>", "predict-1024")
        self.assertEqual((found.cold, found.loops[0].per_thread, found.loops[0].waits), (1024 * 4000, 125, "dram"))


class Others(unittest.TestCase):
    def test_bytes_of_the_kernels_of_a_step(self):
        for kernel, workload, more, warm in [
                ("batch", "dense-256", dict(grid=(2, 1, 1), threads=128), 256 * 40),
                ("slice_sums<float4>", "dense-256", dict(grid=(3, 1, 1), threads=128), 384 * 9 * 16),
                ("slice_sums<float>", "dense-256", dict(grid=(3, 1, 1), threads=128), 384 * 9 * 4),
                ("evaluate<GroupTeam<16>>", "mlp-256", {}, 256 * 100),
                ("squares", "mlp-256", {}, 4 * PARAMETERS),
                ("squares", "sparse-256", {}, 4),
                ("finish_norm", "mlp-256", {}, 4 * (PARAMETERS / 4096 + 256)),
                ("finish_norm", "sparse-256", {}, 4 * (ENTRIES / 4096 + 256)),
                ("small_norm", "dense-256", {}, 4 * (1001 + 256)),
                ("touched_squares", "sparse-256", {}, 36 * ENTRIES),
                ("update<AdamRule,false>", "mlp-256", dict(grid=(656, 1, 1), threads=256), 28 * PARAMETERS),
                ("update<SgdRule,false>", "dense-256", dict(grid=(2, 1, 1), threads=256), 12 * 1001),
                ("update<SgdRule,false>", "sparse-256", dict(grid=(1, 1, 1), threads=256), 12 * 1024),
                ("update_touched<SgdRule,false>", "sparse-256", {}, 76 * ENTRIES),
                ("cuda::sparse_forward<logistic>", "sparse-256", {}, 32 * ENTRIES + 16 * 256),
                ("cuda::gather_entries", "sparse-256", {}, 24 * ENTRIES),
                ("cuda::list_entries", "sparse-256", {}, 68 * ENTRIES),
                ("cuda::weight_chains", "sparse-256", {}, (8 * 20 + 32) * ENTRIES),
                ("cuda::weight_sums", "sparse-256", {}, 64 * ENTRIES),
                ("cuda::bias_chains", "sparse-256", {}, 1024),
                ("thrust", "sparse-256", dict(op="sort_pairs"), 68 * ENTRIES),
                ("thrust", "sparse-256", dict(op="sparse_count_features"), 16 * ENTRIES),
                ("thrust", "sparse-256", dict(op="sparse_row_begin"), 16 * 257)]:
            with self.subTest(kernel=kernel):
                self.assertEqual(work_of(kernel, workload, **more).warm, warm)

    def test_turns_of_the_loops_of_single_warps(self):
        for kernel, workload, opcode, per_thread in [
                ("squares", "mlp-256", "FFMA", 128), ("small_norm", "dense-256", "FFMA", 1001 / 32),
                ("finish_norm", "mlp-256", "FADD", 8), ("finish_norm", "sparse-4096", "FADD", 128),
                ("touched_squares", "sparse-256", "FFMA", 128), ("cuda::bias_chains", "sparse-4096", "FADD", 512)]:
            with self.subTest(kernel=kernel):
                loop = work_of(kernel, workload).loops[0]
                self.assertEqual((loop.opcode, loop.waits), (opcode, "l2"))
                self.assertAlmostEqual(loop.per_thread, per_thread)

    def test_sparse_rows_come_from_dram_and_weights_from_l2(self):
        found = work_of("cuda::sparse_forward<logistic>", "sparse-256")
        self.assertEqual((found.cold, found.dram_rounds, found.l2_rounds), (256 * 328, 2, 2))

    def test_a_sort_of_thrust_is_six_kernels_and_a_scan_two(self):
        self.assertEqual([work_of("thrust", "sparse-256", op=op).kernels for op in ("sort_pairs", "sparse_row_begin")], [6, 2])

    def test_trees_over_eight_slices_run_an_eighth_of_their_code(self):
        for kernel in ("slice_sums<float4>", "slice_sums<float>", "cuda::weight_sums", "cuda::bias_sums"):
            self.assertEqual(work_of(kernel, "sparse-256").executed, 1 / 8)

    def test_an_unknown_kernel_is_an_error(self):
        with self.assertRaisesRegex(KeyError, "does not know what nobody"):
            work_of("nobody", "dense-256")


if __name__ == "__main__":
    unittest.main()
