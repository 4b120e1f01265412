"""The page of results from made-up figures: ratios, spreads, and rows of peers that failed. Needs nothing but Python."""
import pathlib

import groups
import page

HERE = pathlib.Path(__file__).resolve().parent

GROUP = groups.Group("Title", "mlp", [], [groups.Peer("Fast", "x.py", note="a note"), groups.Peer("Broken", "y.py")], busy=True)
CASE = {"case": "batch=1", "busy": {"Thalweg": [50.0], "Fast": [20.0], "Broken": [None]}, "errors": {"Broken": "no module"},
        "rates": {"Thalweg": [100.0, 300.0, 200.0], "Fast": [50.0, 100.0, 100.0], "Broken": [None, None, None]}}
FIGURES = {"read": {"value": 3e10, "unit": "B/s", "bytes": 1}, "fma": {"value": 2e11, "unit": "flop/s", "bytes": 0}}
MACHINE = {"kind": "machine", "processor": "a processor", "processors": 2, "device": "cpu:avx2", "memory_bytes": 2**34,
           "cache_bytes": [32768], "figures": FIGURES}
RESULT = {"kind": "result", "workload": "mlp", "shape": {"layers": "3-2", "batch": 8}, "seconds": 1e-3, "spread": 0.1,
          "limit": "fma", "percent_of_limit": 55.4, "disturbed": True}


def main():
    for group in groups.GROUPS:
        for peer in group.peers:
            assert (HERE / peer.script).exists(), peer.script
    text = page.text_of({"groups": [(GROUP, [CASE])], "own": [MACHINE, RESULT], "startup": {"Thalweg": (0.02, 2**24), "Other": "why"},
                         "memory": (2**30, 2**30 + 2**24), "losses": {"Thalweg": 0.5, "Other": "failed"}}, 2)
    for line in ("| Thalweg | 200 | 50 % |  | 25 % of it beside a busy process |",
                 "| Fast | 100 | 25 % | 2.00 | a note; 20 % of it beside a busy process |",
                 "| Broken | - | - | - | no module |",
                 "| read | 30 GB/s |", "| fma | 200 GFLOP/s |", "3 rounds",
                 "| Thalweg | 20 ms | 16 MiB |", "| Other | - | why |", "16 MiB more than the data", "| Thalweg | 0.5000 |",
                 "| mlp | 3-2 batch=8 | 1 ms | 10 % | 55 % of fma | disturbed |"):
        assert line in text, f"missing: {line}\n{text}"
    compact = "\n".join(page.compact_text(GROUP, [CASE], "samples/s"))
    assert "| batch=1 | 200 | 2.00 | no module |" in compact, compact
    print("page_test.py: passed")


main()
