"""What the object code of a kernel may and may not hold."""
import re

FORBIDDEN = [  # opcodes of exact kernels, on every architecture
    ("local memory", r"(LDL|STL)\b"),
    ("double precision", r"(D(ADD|MUL|FMA|SETP|MNMX|MMA)\b|MUFU\.\w*64H|(F2F|I2F|F2I|FRND)\b.*F64)"),
    ("float atomic", r"(ATOM|ATOMG|ATOMS|RED|REDG|REDAS)\b.*\.(F16|BF16|F32|F64)"),
    ("approximate function", r"MUFU\.(EX2|LG2|SIN|COS|TANH)"),
]
# Kernels that stream long arrays: thread's elements, cost function, and bytes that every thread reads from caches (weights,
# shared by all rows) beside them. `Q` and `Rule` stand for template arguments.
STREAMS = [
    (r"update(?:_average)?: update<(?P<cost>\w+)Rule,(?P<average>\w+)>", 4, None, 0),
    (r"activation: forward<", 4, "activation", 0),
    (r"activation: backward<", 4, "activation_backward", 0),
    (r"dropout: dropout$", 4, "dropout", 0),
    (r"softmax_cross_entropy: evaluate<WarpTeam<(?P<quads>\d+)>", 4, "softmax_cross_entropy", 0),
    (r"layer_norm: forward<WarpTeam<(?P<quads>\d+)>", 4, "layer_norm", 8),
]


class Stream:
    """Bytes per element that a kernel's cost function promises, and the elements of a thread's main path."""

    def __init__(self, elements, read, written, cached):
        self.elements, self.read, self.written, self.cached = elements, read, written, cached


def stream_of(name, costs):
    for pattern, elements, cost, cached in STREAMS:
        if match := re.search(pattern, name):
            groups = match.groupdict()
            read, written = costs[cost or groups["cost"]]
            average = 4 if groups.get("average") == "true" else 0
            return Stream(elements * int(groups.get("quads") or 1), read + average, written + average, cached)
    return None


def opcode_findings(code):
    for fault, pattern in FORBIDDEN:
        for opcode, count in code.matching(pattern).items():
            yield f"{fault}: {count} x {opcode}"
    if code.stack or code.local:
        yield f"local memory: a stack of {code.stack} and {code.local} bytes"


def stream_findings(code, stream):
    """The 128- and 256-bit accesses move what the cost function says; the compiler may repeat the whole path."""
    loaded, stored = code.vector_bytes("LDG"), code.vector_bytes("STG")
    load, store = stream.elements * (stream.read + stream.cached), stream.elements * stream.written
    if loaded == 0 or stored == 0 or loaded % load or loaded // load != stored / store:
        yield (f"streams: 128-bit accesses read {loaded} and write {stored} bytes for {stream.elements} elements, its cost "
               f"function says {load} and {store}")


def ptx_findings(kernel):
    """Contraction is off, and no instruction leaves it open: `add`, `sub` and `mul` that say .rn are never fused."""
    if kernel.contraction:
        yield "contraction: compiled without -fmad=false"
    explicit = False
    for line in kernel.ptx:
        op = re.sub(r"^@!?%p\d+\s+", "", line).split(None, 1)[0].rstrip(";") if line else ""
        explicit = explicit or re.match(r"(fma|div|sqrt|rcp|rsqrt|call)\b", op) is not None
        if re.match(r"(add|sub|mul)\.(ftz\.)?(f32|f32x2)$", op) or op.startswith("mad.f32"):
            yield f"contraction: {op} leaves it open"
        if ".f64" in op and not op.startswith((".", "ld.param")):
            yield f"double precision: {op}"
        if ".approx" in op or (".ftz" in op):
            yield f"approximate function: {op}"
    if explicit:
        return
    for architecture, code in kernel.code.items():
        if code.count(r"FFMA"):
            yield f"contraction: {architecture} holds {code.count('FFMA')} FFMA, the PTX holds none"


ACCESS = re.compile(r"^(?:@!?%p\d+\s+)?(ld\.global|st\.global|ld|st|cp\.async|atom|red)([\w.:]*)\s+(.*);$")


def accesses(kernel):
    """(opcode, offsets of the kernel's arguments that its address was computed from) of every access to global memory."""
    sources, at, moves, found = {}, {}, [], []
    for line in kernel.ptx:
        line = re.sub(r"^@!?%p\d+\s+", "", line)
        if m := re.match(r"ld\.param\S*\s+(.*?), \[(\w+?)(?:\+(\d+))?\];", line):
            parameter = int(re.search(r"_param_(\d+)$", m[2])[1])
            width = 8 if "64" in line.split()[0] else 4
            for number, register in enumerate(re.findall(r"%rd\d+", m[1])):
                sources.setdefault(register, set()).add((parameter, int(m[3] or 0) + number * width))
        elif m := re.match(r"mov\.[bu]64 (%rd\d+), \w+_param_(\d+);", line):  # its address; the fields are loaded from there
            at[m[1]] = int(m[2])
        elif (m := re.match(r"ld\.param\S*\s+(.*?), \[(%rd\d+)(?:\+(\d+))?\];", line)) and m[2] in at:
            for number, register in enumerate(re.findall(r"%rd\d+", m[1])):
                sources.setdefault(register, set()).add((at[m[2]], int(m[3] or 0) + 8 * number))
        elif m := ACCESS.match(line):
            if ".shared" in m[2] and m[1] in ("ld", "st", "atom", "red") or ".param" in m[2] or ".local" in m[2]:
                continue
            addresses = re.findall(r"\[(%rd\d+)", m[3])
            if addresses:
                found.append((m[1] + m[2], addresses[-1], m[3]))
        elif registers := re.findall(r"%rd\d+", line):
            if registers[1:] and registers[1] in at and line.startswith("mov"):
                at[registers[0]] = at[registers[1]]
            moves.append((registers[0], registers[1:]))
    changed = True
    while changed:  # until no loop carries anything on
        changed = False
        for to, origins in moves:
            known = sources.setdefault(to, set())
            more = set().union(*(sources.get(origin, set()) for origin in origins)) - known
            changed = changed or bool(more)
            known |= more
    return [(op, sources.get(address, set()), operands) for op, address, operands in found]


def pointer_findings(kernel, costs):
    """Which memory two kernels touch at all: dropout no mask, the step of a linear model X once."""
    if kernel.name == "dropout: dropout":
        at = {field: (0, costs["DropoutArgs." + field][0]) for field in ("input", "output", "ids", "step")}
        for op, origin, _ in accesses(kernel):
            allowed = {at["output"]} if op.startswith("st") else {at["input"], at["ids"], at["step"]}
            if not origin & allowed:
                yield f"memory: {op} of something else than its input, output, ids and step"
    # A burst brings its first rows, those of a later chunk and those of the next step.
    places = {"linear_step_dense: dense_step<float>": 1, "linear_burst: linear_burst<float>": 3}.get(kernel.name)
    if places is not None:
        wide = 0
        for op, origin, operands in accesses(kernel):
            if (0, 0) not in origin:
                continue
            if not op.startswith("cp.async"):
                yield f"memory: {op} reads X beside its copy into shared memory"
            wide += ", 16," in operands
        if wide != places:
            yield f"memory: X is copied at {wide} places by 16 bytes, want {places}"


def findings(kernel, costs):
    """(architecture or PTX, what is wrong) of one kernel."""
    stream = stream_of(kernel.name, costs)
    for architecture, code in kernel.code.items():
        for text in opcode_findings(code):
            yield architecture, text
        for text in stream_findings(code, stream) if stream else ():
            yield architecture, text
    for text in sorted(set(ptx_findings(kernel)) | set(pointer_findings(kernel, costs))):
        yield "PTX", text
