"""What is measured beside what. A group is one run of `thalweg bench WORKLOAD` and peers that serve the same cases."""
import dataclasses


@dataclasses.dataclass
class Peer:
    name: str
    script: str
    mode: str = ""
    note: str = ""


@dataclasses.dataclass
class Group:
    """The first variant of ours is what the peers are held against."""

    title: str
    workload: str
    flags: list  # of thalweg bench
    peers: list
    peer_flags: list = dataclasses.field(default_factory=list)
    has_data: bool = False
    variants: dict = dataclasses.field(default_factory=lambda: {"Thalweg": []})  # of ours: name and flags
    compact: bool = False  # one table of all cases
    busy: bool = False  # measured once more beside a process that keeps a core busy
    about: str = ""


GROUPS = [
    Group("Dense logistic regression, 100,000 x 1,000, shuffled", "logistic", ["--batch=256,4096", "--order=shuffled"],
          [Peer("mlpack", "linear_mlpack.py", note="in double, data copied by its binding"),
           Peer("JAX, compiled scan", "linear_jax.py"),
           Peer("numpy by hand", "linear_numpy.py"),
           Peer("PyTorch eager", "linear_torch.py", "eager"),
           Peer("PyTorch compiled", "linear_torch.py", "compiled"),
           Peer("scikit-learn SGDClassifier", "linear_sklearn.py", note="one sample a step")],
          ["--batch=256,4096"], has_data=True, busy=True),
    Group("Sparse logistic regression, 500,000 rows of 40 among 1,000,000 features, shuffled anew each epoch", "sparse",
          ["--batch=256,4096", "--order=shuffled"],
          [Peer("JAX, compiled scan", "sparse_jax.py"),
           Peer("scikit-learn SGDClassifier", "sparse_sklearn.py", note="one sample a step"),
           Peer("PyTorch EmbeddingBag", "sparse_torch.py"),
           Peer("Vowpal Wabbit", "sparse_vw.py", note="one sample a step, from its cache file, adaptive, 50,000 rows"),
           Peer("LIBLINEAR", "sparse_liblinear.py", note="a whole fit of 50,000 rows in double, one thread")],
          ["--batch=256,4096"], has_data=True),
    Group("Network 784-512-512-10, Adam", "mlp", ["--batch=128,1024"],
          [Peer("JAX, compiled scan", "mlp_jax.py"),
           Peer("PyTorch compiled, fused Adam", "mlp_torch.py", "compiled"),
           Peer("PyTorch eager, fused Adam", "mlp_torch.py", "eager"),
           Peer("scikit-learn MLPClassifier", "mlp_sklearn.py")],
          ["--batch=128,1024"], has_data=True, busy=True),
    Group("Clipped per-sample step of that network, batch 256", "per_sample", ["--batch=256"],
          [Peer("plain step by hand in PyTorch", "per_sample_by_hand.py", "plain", "not clipped"),
           Peer("book-keeping by hand in PyTorch", "per_sample_by_hand.py", "clipped"),
           Peer("Opacus ghost", "per_sample_opacus.py", "ghost"),
           Peer("Opacus hooks", "per_sample_opacus.py", "hooks"),
           Peer("torch.func vmap(grad)", "per_sample_torch_func.py"),
           Peer("JAX vmap(grad)", "per_sample_jax.py")],
          ["--batch=256"], has_data=True,
          variants={"Thalweg, clipped": ["--step=clipped"], "Thalweg, plain": ["--step=plain"]},
          about="Ratios are to the clipped step. The last table has the extra memory of Thalweg."),
    Group("Optimizer step", "update", ["--optimizer=adam,momentum", "--parameters=67108864,669706"],
          [Peer("PyTorch fused", "update_torch.py", "fused"), Peer("PyTorch foreach", "update_torch.py", "foreach"),
           Peer("JAX compiled", "update_jax.py")],
          ["--optimizer=adam,momentum", "--parameters=67108864,669706"]),
    Group("Matrix products of the network", "gemm", ["--batch=128,256,1024"],
          [Peer("numpy (OpenBLAS)", "gemm_products.py", "numpy"), Peer("PyTorch (MKL, oneDNN)", "gemm_products.py", "torch")],
          ["--batch=128,256,1024"], compact=True,
          about="Thalweg uses the exact order: one chain of fused multiply-adds per element."),
    Group("Rows on the disk, 320,000 x 100 float32, shuffled batches of 256", "data", ["--reader=loader", "--batch=256"],
          [Peer("MosaicML Streaming", "data_streaming.py", note="its own order"),
           Peer("PyTorch DataLoader over numpy.memmap", "data_torch.py", note="rows in any order"),
           Peer("numpy.memmap by hand", "data_memmap.py", note="rows in any order, one thread")],
          ["--batch=256"], has_data=True,
          about="A step is an epoch, or 8,192 rows where Thalweg reads them singly. Thalweg reads past the page cache, with 16 MiB of memory. "
                "The files\nof the others leave the page cache after each eighth of an epoch, as if memory held no more. The peers have one order "
                "of their own."),
    Group("A CSV of 20,000 x 100 numbers, read whole", "data", ["--reader=csv"],
          [Peer("pandas", "data_csv.py", "pandas"), Peer("pyarrow", "data_csv.py", "pyarrow")], has_data=True),
]
