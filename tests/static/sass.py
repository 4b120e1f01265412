"""The control flow of a kernel's machine code: its loops, and how many instructions of each class a warp issues."""
import collections
import functools
import re

LINE = re.compile(r"\s*/\*([0-9a-f]{4,})\*/\s+(@!?U?P\w+\s+)?([A-Z][\w.]*)\s*([^;]*);?")
# The first that matches is an opcode's class; `int64` is index arithmetic on two words.
CLASSES = [
    ("ffma", r"FFMA"),
    ("fp32", r"F(ADD|MUL|MNMX|SETP|SET|SEL|CHK|SWZADD)\b|FADD2|FMUL2"),
    ("special", r"MUFU|I2F|F2I|F2F|I2I|FRND|POPC|FLO|BREV"),
    ("shared", r"(LDS|STS|LDSM|ATOMS)\b"),
    ("global", r"(LDG|STG|LD|ST|LDGSTS|ATOM|ATOMG|RED|REDG|LDL|STL)\b"),
    ("warp", r"SHFL|VOTE|MATCH|REDUX"),
    ("control", r"BRA|BRX|EXIT|CALL|RET|BSSY|BSYNC|BAR|WARPSYNC|YIELD|NOP|DEPBAR|LDGDEPBAR|MEMBAR|ERRBAR|CCTL|BMOV|BREAK"),
    ("uniform", r"U[A-Z]|R2UR|S2U|CS2UR"),
    ("int64", r"IMAD\.(WIDE|X)|IADD3?\.(64|X)|LEA\.HI\.X|LEA\.64|SHF\.\S*64|ISETP\S*\.(EX|[SU]64)|VIADD\.64"),
    ("int", r"IADD|IMAD|ISETP|P?LOP3|LEA|SEL|PRMT|SHF|VIADD|IABS|V?IMNMX|SGXT|P2R|R2P|IDP|ICMP|SHL|SHR|MOV|C?S2R|LDC|LEPC"),
]


@functools.cache
def kind_of(opcode):
    return next((name for name, pattern in CLASSES if re.match(pattern, opcode)), "other")


class Instruction:
    def __init__(self, address, guarded, opcode, operands):
        self.address, self.guarded, self.opcode, self.operands = address, guarded, opcode, operands
        self.kind = kind_of(opcode)

    @property
    def family(self):
        return self.opcode.split(".")[0]

    @property
    def bytes(self):
        """Bytes that a thread moves by this instruction; 0 if it is not an access."""
        if self.kind not in ("global", "shared"):
            return 0
        if ".256" in self.opcode:
            return 32
        return next((size for word, size in ((".128", 16), (".64", 8), (".U8", 1), (".S8", 1), (".U16", 2), (".S16", 2))
                     if word in self.opcode + "."), 4)

    @property
    def target(self):
        if self.family != "BRA":
            return None
        found = re.search(r"\b0x([0-9a-f]+)\s*$", self.operands.strip())
        return int(found[1], 16) if found else None


def parse(lines):
    return [Instruction(int(m[1], 16), m[2] is not None, m[3], m[4]) for m in map(LINE.match, lines) if m]


class Loop:
    def __init__(self, header, body):
        self.header, self.body = header, body  # of instruction numbers

    def count(self, instructions, pattern):
        return sum(1 for i in self.body if re.match(pattern, instructions[i].opcode))


class Flow:
    """Instructions with the edges between them, and the natural loops, inner ones first."""

    def __init__(self, lines):
        self.instructions = parse(lines)
        at = {instruction.address: number for number, instruction in enumerate(self.instructions)}
        self.next = [self._next(number, at) for number in range(len(self.instructions))]
        self.loops = self._loops()

    def _next(self, number, at):
        instruction = self.instructions[number]
        target = at.get(instruction.target)
        if target == number:  # the end of a kernel: a branch to itself
            return []
        if ".DIV" in instruction.opcode:  # taken by a warp whose lanes are apart
            return [number + 1]
        to = [target] if target is not None else []
        conditional = instruction.guarded or re.match(r"!?U?P\d|~U", instruction.operands) is not None
        if instruction.family not in ("EXIT", "RET", "BRX", "BRA") or conditional:
            to.append(number + 1)
        return [number for number in to if number < len(self.instructions)]

    def _back_edges(self):
        """Edges to an instruction that the search has entered and not left."""
        state, found, stack = {}, [], [(0, iter(self.next[0]))] if self.next else []
        state[0] = 1
        while stack:
            number, rest = stack[-1]
            for to in rest:
                if state.get(to) == 1:
                    found.append((number, to))
                elif to not in state:
                    state[to] = 1
                    stack.append((to, iter(self.next[to])))
                    break
            else:
                state[number] = 2
                stack.pop()
        return found

    def _loops(self):
        before = collections.defaultdict(list)
        for number, all_next in enumerate(self.next):
            for to in all_next:
                before[to].append(number)
        self.back = set(self._back_edges())
        bodies = {}
        for tail, header in self.back:
            body, work = bodies.setdefault(header, {header}), [tail]
            while work:
                number = work.pop()
                if number not in body:
                    body.add(number)
                    work += before[number]
        return sorted((Loop(header, frozenset(body)) for header, body in bodies.items()), key=lambda loop: len(loop.body))

    def path(self, trips):
        """The instructions of the way through the kernel that does the most, and of these the shortest, as numbers. The kernel's
        widest loads, copies and stores of global memory count by their bytes, arithmetic by four: where arrays allow wide
        accesses, the way with narrow ones is not taken. `trips`: loop -> times that it runs; once, if it is not there."""
        times, widest = self.times(trips), self._widest()
        order = self._topological()
        best, came = {0: (0, 0)} if order else {}, {}
        for number in order:
            if number not in best:
                continue
            instruction = self.instructions[number]
            useful = 4 * (instruction.kind in ("ffma", "fp32"))
            if instruction.kind == "global" and instruction.bytes == widest[instruction.family]:
                useful = instruction.bytes
            done, length = best[number]
            here = (done + useful * times[number], length - times[number])
            best[number] = here
            for to in self.next[number]:
                if (number, to) not in self.back and (to not in best or here > best[to]):
                    best[to], came[to] = here, number
        ends = [number for number in best if all((number, to) in self.back for to in self.next[number])]
        number = max(ends, key=best.get, default=None)
        way = []
        while number is not None:
            way.append(number)
            number = came.get(number)
        return way[::-1]

    def _widest(self):
        widest = collections.Counter()
        for instruction in self.instructions:
            widest[instruction.family] = max(widest[instruction.family], instruction.bytes)
        return widest

    def times(self, trips):
        times = [1.0] * len(self.instructions)
        for loop, count in trips.items():
            for number in loop.body:
                times[number] *= count
        return times

    def _topological(self):
        waiting = collections.Counter(to for number, all_next in enumerate(self.next) for to in all_next
                                      if (number, to) not in self.back)
        ready = [number for number in range(len(self.next)) if waiting[number] == 0]
        order = []
        while ready:
            number = ready.pop()
            order.append(number)
            for to in self.next[number]:
                if (number, to) not in self.back:
                    waiting[to] -= 1
                    if waiting[to] == 0:
                        ready.append(to)
        return order

    def issued(self, trips):
        """class -> instructions that a warp issues."""
        times, found = self.times(trips), collections.Counter()
        for number in self.path(trips):
            found[self.instructions[number].kind] += times[number]
        return found

    def hottest(self, pattern, having=(), without=None):
        """The loop with the most instructions that match, of those around no other such loop; None if there is none."""
        fitting = [loop for loop in self.loops if loop.count(self.instructions, pattern)
                   and all(loop.count(self.instructions, other) for other in having)
                   and not (without and loop.count(self.instructions, without))]
        inner = [loop for loop in fitting if not any(other.body < loop.body for other in fitting)]
        return max(inner, key=lambda loop: loop.count(self.instructions, pattern), default=None)

    def around(self, loop):
        """The loop directly around a loop; None if there is none."""
        return next((other for other in self.loops if loop is not None and other.body > loop.body), None)
