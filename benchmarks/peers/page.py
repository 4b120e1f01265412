"""The page of results: ratios, and the limits of the machine that they were measured on."""
import importlib.metadata
import platform
import statistics

HEAD = """# Benchmarks

Thalweg beside other programs on the same work, the same data and the same number of threads, float32, exact numerics. `./run peers`
writes this page. Every figure is of one machine and one run, so read the ratios, not the rates.

All programs of a table are started, warmed up and stopped. Then each runs one repetition in turn (at least 0.1 s of steps), while the
others are stopped; there are {repetitions} rounds. Rates are medians over the rounds, ratios medians of the ratios within a round. The spread is
the distance of the quartiles over the median. `thalweg bench` makes the data, and all programs read the same files. Each program shuffles
the batches anew each epoch by its own means. Peers that take many steps in one call do so here.
"""
DISTRIBUTIONS = ("torch", "jax", "numpy", "scikit-learn", "opacus", "mlpack", "vowpalwabbit", "liblinear-official",
                 "mosaicml-streaming", "pandas", "pyarrow")
UNITS = {"B/s": (1e9, "GB/s"), "flop/s": (1e9, "GFLOP/s"), "s": (1e-6, "us")}


def rate_text(rate):
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if rate >= size:
            return f"{rate / size:.3g} {prefix}"
    return f"{rate:.3g}"


def time_text(seconds):
    return f"{1e3 * seconds:.3g} ms" if seconds >= 1e-3 else f"{1e6 * seconds:.3g} us"


def quantile(values, level):
    values = sorted(values)
    at = level * (len(values) - 1)
    below = int(at)
    above = min(below + 1, len(values) - 1)
    return values[below] + (at - below) * (values[above] - values[below])


def spread(values):
    return (quantile(values, 0.75) - quantile(values, 0.25)) / statistics.median(values)


def versions():
    found = []
    for name in DISTRIBUTIONS:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} missing")
    return ", ".join(found)


def machine_text(machine, threads):
    caches = " / ".join(str(size // 1024) for size in machine["cache_bytes"])
    lines = ["## The machine", "", "| part | |", "|---|---|",
             f"| processor | {machine['processor']}, {machine['processors']} processors, {threads} threads used ({machine['device']}) |",
             f"| memory | {machine['memory_bytes'] / 2**30:.1f} GiB, caches {caches} KiB |",
             f"| system | {platform.system()} {platform.release()} |", f"| packages | {versions()} |",
             "", "| figure | measured |", "|---|---|"]
    for name, figure in machine["figures"].items():
        scale, unit = UNITS[figure["unit"]]
        lines.append(f"| {name} | {figure['value'] / scale:.3g} {unit} |")
    return lines


def paired(group, case, name):
    """(rate of ours, rate of the program) of the rounds that gave both."""
    ours = next(iter(group.variants))
    return [(mine, rate) for mine, rate in zip(case["rates"][ours], case["rates"][name]) if mine and rate]


def ratio_text(pairs):
    return f"{statistics.median(mine / rate for mine, rate in pairs):.2f}"


def rows_of(group, case):
    """A row for each program; ratios are of our first program to it."""
    ours = next(iter(group.variants))
    notes = {peer.name: peer.note for peer in group.peers}
    for name in case["rates"]:
        pairs = paired(group, case, name)
        if not pairs:
            yield f"| {name} | - | - | - | {case['errors'].get(name, 'no figure')} |"
            continue
        rates = [rate for _, rate in pairs]
        note = notes.get(name, "")
        if case["busy"] and all(case["busy"][name]):
            left = statistics.median(case["busy"][name]) / statistics.median(rates)
            note = f"{note + '; ' if note else ''}{100 * left:.0f} % of it beside a busy process"
        ratio = "" if name == ours else ratio_text(pairs)
        yield f"| {name} | {rate_text(statistics.median(rates))} | {100 * spread(rates):.0f} % | {ratio} | {note} |"


def compact_text(group, cases, unit):
    """A row for each case: the rate of ours and the ratio to each peer."""
    peers = [peer.name for peer in group.peers]
    lines = [f"| case | Thalweg, {unit} | {' | '.join(f'times as fast as {name}' for name in peers)} |",
             "|---" * (2 + len(peers)) + "|"]
    for case in cases:
        ours = [rate for rate in case["rates"][next(iter(group.variants))] if rate]
        ratios = [ratio_text(pairs) if (pairs := paired(group, case, name)) else case["errors"].get(name, "-") for name in peers]
        lines.append(f"| {case['case']} | {rate_text(statistics.median(ours)) if ours else '-'} | {' | '.join(ratios)} |")
    return lines


def group_text(group, cases):
    lines = ["", f"## {group.title}", ""]
    if group.about:
        lines += [group.about, ""]
    unit = "steps/s" if group.workload == "update" else "samples/s"
    if group.compact:
        return lines + compact_text(group, cases, unit)
    for case in cases:
        lines += [f"{case['case']}:", "", f"| program | {unit} | spread | Thalweg is so many times as fast | |",
                  "|---|---|---|---|---|", *rows_of(group, case), ""]
    return lines


def startup_text(startup, memory):
    lines = ["", "## Start-up and memory", "",
             "A whole process: start, read 1,797 x 64 rows, train softmax regression for ten epochs, end (median of three).", "",
             "| program | wall time | peak resident memory |", "|---|---|---|"]
    for name, row in startup.items():
        lines.append(f"| {name} | - | {row} |" if isinstance(row, str) else
                     f"| {name} | {1e3 * row[0]:.0f} ms | {row[1] / 2**20:.0f} MiB |")
    if memory:
        data, peak = memory
        lines += ["", f"Training logistic regression on {data / 2**20:.0f} MiB of npy files: the peak was {(peak - data) / 2**20:.0f} MiB "
                      "more than the data."]
    return lines


def losses_text(losses):
    lines = ["", "## Loss over one pass", "",
             "Mean logistic loss over one pass of the sparse rows, of each part before training on it (progressive validation).",
             "Thalweg trains by batches of 256. scikit-learn trains by single rows and is evaluated every 4,096.", "",
             "| program | loss |", "|---|---|"]
    return lines + [f"| {name} | {loss if isinstance(loss, str) else f'{loss:.4f}'} |" for name, loss in losses.items()]


def own_text(own):
    lines = ["", "## Against the limits of the machine", "",
             "`thalweg bench`: time of a step and the share of the limit that binds it, measured next to it. Disturbed means that the limit",
             "itself dropped in most repetitions. [profile.md](profile.md) explains the rest.", "",
             "| workload | shape | time | spread | of the limit | |", "|---|---|---|---|---|---|"]
    for row in own:
        if row["kind"] != "result":
            continue
        shape = " ".join(str(v) if isinstance(v, str) else f"{k}={v}" for k, v in row["shape"].items())
        limit = f"{row['percent_of_limit']:.0f} % of {row['limit']}" if row["limit"] else ""
        more = [f"{row['ratio_to_plain']:.3f} x plain, {row['extra_bytes'] / 2**20:.1f} MiB more"] if "ratio_to_plain" in row else []
        more += ["disturbed"] if row["disturbed"] else []
        lines.append(f"| {row['workload']} | {shape} | {time_text(row['seconds'])} | {100 * row['spread']:.0f} % | {limit} | "
                     f"{', '.join(more)} |")
    return lines


def text_of(results, threads):
    repetitions = max((len(rates) for _, cases in results["groups"] for case in cases for rates in case["rates"].values()),
                      default=0)
    lines = [HEAD.format(repetitions=repetitions)]
    machine = next(row for row in results["own"] if row["kind"] == "machine")
    lines += machine_text(machine, threads)
    for group, cases in results["groups"]:
        lines += group_text(group, cases)
    if results["startup"]:
        lines += startup_text(results["startup"], results["memory"])
    if results["losses"]:
        lines += losses_text(results["losses"])
    return "\n".join(lines + own_text(results["own"])) + "\n"
