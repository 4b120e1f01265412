"""The parts of a survey on a GPU, most valuable first."""
import json
import shutil

import calibration
import golden

SMALL = {
    "dense": ["--data.train=data/california_housing.csv", "--data.target=median_house_value", "--data.impute=median",
              "--data.train_rows=0:200", "--train.batch_size=40"],
    "sparse": ["--data.train=data/a9a", "--data.train_rows=0:200", "--train.batch_size=40"],
    "layered": ["--data.train=data/mnist10k-images-idx3-ubyte.gz", "--data.target=data/mnist10k-labels-idx1-ubyte.gz",
                "--data.train_rows=0:120", "--train.batch_size=40", "--model.hidden=20", "--model.dropout=0.2",
                "--model.normalization=layer", "--data.validation_fraction=0.3"],
}
TOOLS = ["racecheck", "memcheck", "synccheck", "initcheck"]
WORKLOADS = ["logistic", "softmax", "sparse", "mlp", "per_sample", "update", "gemm"]
# A few rows and small layers, where the kernels are executed on the CPU.
EXECUTED = ["--memory=1", "--repetitions=1", "--time=0", "--rows=64", "--features=16", "--batch=16", "--hidden=8",
            "--parameters=1000", "--optimizer=adamw", "--entries=4", "--order=shuffled", "--step=clipped"]
ON_CUDA = ["--gtest_brief=1", "--gtest_filter=*cuda*:Fast*"]
MEASURED = ["--repetitions=3", "--time=0.05"]


def block(survey, text):
    survey.report.say("```\n" + text.rstrip() + "\n```")


def tell(survey, name, outcome):
    survey.report.say(f"- {name}: {outcome.verdict}, {outcome.seconds:.0f} s")
    if outcome.code:
        block(survey, outcome.text[-3000:] + outcome.errors[-1000:])


def programs(survey):
    """Test programs: those of the ops first, and of these the smallest."""
    return sorted((survey.folder / "tests").glob("*_test"),
                  key=lambda path: (not path.name.startswith("kernels_"), path.stat().st_size))


def lines_of(text):
    """The JSON objects of the program's output, one a line; of a program that was cut those that are whole."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]


def info(survey):
    if not survey.executed:
        block(survey, survey.run("nvidia-smi", most=20).text)
    found = survey.thalweg("info", most=60)
    block(survey, found.text + found.errors)


def smoke(survey):
    for name, settings in SMALL.items():
        outcome = survey.thalweg("train", "--device=cuda", "--train.max_steps=3", *settings, most=120)
        tell(survey, name, outcome)


def equal_bits(survey):
    """Runs on the GPU against the hashes that the cpu has recorded; those of different kinds first."""
    runs = golden.in_turn(golden.runs())
    equal, other = 0, 0
    for run in runs:
        if survey.left() <= 0:
            break
        outcome = survey.thalweg("train", "--json", "--quiet", *run.flags, "--device=cuda")
        if outcome.code is None:
            break
        found = json.loads(outcome.text)["parameters.xxh3"] if outcome.code == 0 else outcome.verdict
        equal += found == run.hash
        other += found != run.hash
        survey.failures += outcome.code == 0 and found != run.hash
        survey.report.say(f"- {run.name}: " + ("equal" if found == run.hash else f"{found}; expected {run.hash}"))
        if outcome.code:
            block(survey, outcome.errors[-1000:])
    survey.report.say(f"\n{equal} of {len(runs)} runs have the bits of the cpu; {other} have not; "
                   f"{len(runs) - equal - other} were not reached")


def sanitizer(survey):
    wrapper = shutil.which("compute-sanitizer")
    if wrapper is None:
        survey.report.say("There is no compute-sanitizer here; the same runs without it.\n")
    for tool in TOOLS if wrapper else ["none"]:
        prefix = [wrapper, "--tool", tool, "--error-exitcode", "1"] if wrapper else []
        for name, settings in SMALL.items():
            outcome = survey.run(*prefix, survey.folder / "thalweg", "train", "--device=cuda", "--train.max_steps=2", *settings)
            tell(survey, f"{tool}, {name}", outcome)
        for program in programs(survey)[:2]:
            tell(survey, f"{tool}, {program.name}", survey.run(*prefix, program, *ON_CUDA))


def machine(survey):
    """The limits of the GPU, and what they are as constants of the performance model."""
    outcome = survey.thalweg("bench", "machine", "--json", "--device=cuda", *(EXECUTED if survey.executed else MEASURED))
    found = lines_of(outcome.text)
    if not found:
        return block(survey, outcome.verdict + "\n" + outcome.errors)
    figures = found[0]["figures"]
    survey.report.say(f"{found[0]['processor']}\n\n| figure | value | unit | bytes |\n|---|---|---|---|")
    for name, figure in figures.items():
        survey.report.say(f"| {name} | {figure['value']:.4g} | {figure['unit']} | {figure['bytes']} |")
    survey.report.say("\ntests/static/calibration.json:\n")
    block(survey, calibration.entry(found[0]["processor"], figures))


def bench(survey):
    sizes = EXECUTED if survey.executed else MEASURED
    for workload in WORKLOADS:
        for numerics in ("exact", "fast") if workload in ("gemm", "mlp") else ("exact",):
            if survey.left() <= 0:
                return
            outcome = survey.thalweg("bench", workload, "--json", "--device=cuda", f"--numerics={numerics}", *sizes)
            survey.report.say(f"\n{workload}, {numerics}: {outcome.verdict}, {outcome.seconds:.0f} s\n")
            if outcome.code:
                block(survey, outcome.errors[-1000:])
            for result in (line for line in lines_of(outcome.text) if line["kind"] == "result"):
                shape = " ".join(f"{key}={value}" for key, value in result["shape"].items())
                share = result.get("percent_of_limit") or 0
                survey.report.say(f"- {shape}: {1e6 * result['seconds']:.4g} us, {share:.3g} % of the limit")


def tests(survey):
    for program in programs(survey):
        if survey.left() <= 0:
            return
        tell(survey, program.name, survey.run(program, *(ON_CUDA if program.name.startswith("kernels_") else ["--gtest_brief=1"])))


# Name, part, and its share of the time that is left when it begins.
PARTS = [("Machine and build", info, 0.2), ("Smoke", smoke, 0.3), ("Bits of the cpu", equal_bits, 0.35),
         ("Limits and calibration", machine, 0.3), ("compute-sanitizer", sanitizer, 0.4), ("Bench", bench, 0.8),
         ("Tests", tests, 1.0)]
