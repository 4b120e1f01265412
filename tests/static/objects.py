"""What ptxas made of the kernels, read from object files by cuobjdump: registers, stack and shared memory, the opcodes of
every kernel on every architecture, and the PTX of the newest."""
import collections
import concurrent.futures
import glob
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "tools"
WHEELS = ["nvidia-cuda-nvdisasm==13.2.78", "nvidia-cuda-cuobjdump==13.2.78"]
ARCHITECTURES = ["sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"]


class Code:
    """One kernel on one architecture."""

    def __init__(self, registers, stack, shared, local):
        self.registers, self.stack, self.shared, self.local = registers, stack, shared, local
        self.opcodes = collections.Counter()
        self.lines = []    # the instructions as cuobjdump prints them (sass.py)

    def matching(self, pattern):
        return {op: count for op, count in self.opcodes.items() if re.match(pattern, op)}

    def count(self, pattern):
        return sum(self.matching(pattern).values())

    def vector_bytes(self, kind):
        """Bytes that a thread moves to or from global memory by accesses of 16 or 32 bytes; kind: LDG or STG."""
        return sum(count * (32 if ".256" in op else 16) for op, count in self.matching(kind + r"\b").items()
                   if ".128" in op or ".256" in op)


class Kernel:
    def __init__(self, name, path):
        self.name = name
        self.object = path
        self.code = {}     # architecture -> Code
        self.ptx = []      # instructions, of the newest architecture
        self.threads = 0   # of a block, from __launch_bounds__
        self.contraction = False


def tool(name):
    """Path of cuobjdump; both tools come from PyPI into build/tools unless they are on the PATH."""
    places = sorted(glob.glob(str(TOOLS / "lib/python3*/site-packages/nvidia/cu13/bin")))
    path = os.pathsep.join([os.environ.get("PATH", "")] + places)
    if not (shutil.which(name, path=path) and shutil.which("nvdisasm", path=path)):
        print("installing " + " ".join(WHEELS) + " into build/tools", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", TOOLS], check=True)
        subprocess.run([TOOLS / "bin/python", "-m", "pip", "install", "-q", "--no-deps", *WHEELS], check=True)
        places = glob.glob(str(TOOLS / "lib/python3*/site-packages/nvidia/cu13/bin"))
        path = os.pathsep.join([os.environ.get("PATH", "")] + places)
    os.environ["PATH"] = path
    return shutil.which(name)


def enumerators():
    """(enum, number) -> enumerator, for readable template arguments."""
    names = {}
    headers = [header for folder in ("include", "kernels") for header in (ROOT / folder).rglob("*.hpp")]
    for header in headers:
        for enum, body in re.findall(r"enum class (\w+)[^{;]*\{([^}]*)\}", header.read_text()):
            for number, entry in enumerate(re.sub(r"//.*", "", body).split(",")):
                names[enum, number] = entry.strip()
    return names


def readable(demangled, enums):
    """The kernel's name and template arguments: without namespaces, parameters and return type."""
    text = demangled.replace("(anonymous namespace)::", "").replace("thalweg::", "")
    text = re.sub(r"\((\w+)\)(\d+)",
                  lambda m: ("true" if m[2] == "1" else "false") if m[1] == "bool" else
                  enums.get((m[1], int(m[2])), m[2]), text)
    depth, end = 0, len(text)
    while text.endswith(")") and end > 0:
        end -= 1
        depth += {")": 1, "(": -1}.get(text[end], 0)
        if depth == 0:
            text = text[:end]
    return re.sub(r"^void ", "", text).replace(" >", ">").replace(", ", ",").replace("_kernel", "", 1)


def demangle(symbols):
    out = subprocess.run(["c++filt"], input="\n".join(symbols), capture_output=True, text=True, check=True).stdout
    return dict(zip(symbols, out.splitlines()))


def dump(path, what):
    """cuobjdump's lines about `path`; kept beside the object until that is newer."""
    kept = pathlib.Path(f"{path}.{what}")
    if kept.exists() and kept.stat().st_mtime >= pathlib.Path(path).stat().st_mtime:
        return kept.read_text().splitlines()
    run = subprocess.run([tool("cuobjdump"), "-" + what, path], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"cuobjdump -{what} {path}: {run.stderr.strip()}")
    if what == "sass":  # without encodings and empty lines
        run.stdout = "\n".join(line for line in (re.sub(r"\s*/\* 0x[0-9a-f]+ \*/", "", line)
                                                 for line in run.stdout.splitlines()) if line.strip())
    temporary = pathlib.Path(f"{kept}.{os.getpid()}")
    temporary.write_text(run.stdout)
    temporary.rename(kept)
    return run.stdout.splitlines()


def read_usage(path, codes):
    architecture = symbol = None
    for line in dump(path, "res-usage"):
        if m := re.match(r"arch = (\w+)", line):
            architecture = m[1]
        elif m := re.match(r"\s*Function ([\w$]+):", line):
            symbol = m[1]
        elif m := re.match(r"\s*REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)", line):
            codes[symbol, architecture] = Code(*map(int, m.groups()))


def read_sass(path, codes):
    architecture = symbol = None
    for line in dump(path, "sass"):
        if m := re.match(r"\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?\w+\s+)?([A-Z][\w.]*)", line):
            codes[symbol, architecture].opcodes[m[1]] += 1
            codes[symbol, architecture].lines.append(line)
        elif m := re.match(r"arch = (\w+)", line):
            architecture = m[1]
        elif m := re.match(r"\s*Function : ([\w$]+)", line):
            symbol = m[1]


def read_ptx(path, kernels):
    """The last PTX of a file is that of the newest architecture."""
    kernel, contraction = None, True
    for line in dump(path, "ptx"):
        line = line.strip()
        if line.startswith("ptxasOptions"):
            contraction = "fmad false" not in line
        elif line.startswith("Fatbin ptx"):
            contraction = True
        elif m := re.match(r"(?:\.visible |\.weak )?\.entry ([\w$]+)", line):
            kernel = kernels[m[1]]
            kernel.ptx, kernel.contraction = [], contraction
        elif line.startswith((".func", ".visible .func", ".weak .func")):
            kernel = None
        elif kernel is not None and line.startswith(".maxntid"):
            kernel.threads = math.prod(map(int, re.findall(r"\d+", line.removeprefix(".maxntid"))))
        elif kernel is not None and line:
            kernel.ptx.append(line)


def of_a_library(demangled):
    """Whether the kernel is one of Thrust's, which the account leaves out."""
    return re.match(r"(void )?(thrust|cub)::", demangled) is not None


def read_object(path, enums):
    codes = {}
    read_usage(path, codes)
    read_sass(path, codes)
    symbols = sorted({symbol for symbol, _ in codes})
    names = demangle(symbols)
    stem = re.sub(r"(_cuda)?\.(cu\.o|cu|fatbin|o)$", "", os.path.basename(path)).removesuffix("_cuda")
    kernels = {symbol: Kernel(f"{stem}: {readable(names[symbol], enums)}", path) for symbol in symbols}
    for (symbol, architecture), code in codes.items():
        kernels[symbol].code[architecture] = code
    read_ptx(path, kernels)
    return [kernel for symbol, kernel in kernels.items() if not of_a_library(names[symbol])]


def kernel_objects(folder):
    """The objects of kernels in a build folder, but not what it keeps of a source that is gone."""
    paths = sorted(path for ending in ("*.cu.o", "*.fatbin") for path in folder.rglob(ending) if "kernels" in str(path)
                   and (path.suffix != ".o" or (ROOT / "kernels" / path.parent.name / path.stem).is_file()))
    if not paths:
        sys.exit(f"{folder} holds no object of a kernel; build the preset cuda first")
    return paths


def read_objects(paths):
    tool("cuobjdump")
    enums = enumerators()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:  # cuobjdump does the work
        found = [kernel for kernels in pool.map(lambda path: read_object(str(path), enums), paths) for kernel in kernels]
    return sorted(found, key=lambda kernel: kernel.name)
