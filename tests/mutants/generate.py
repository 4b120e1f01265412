"""Every mutant of a source file: where it stands, what stands there instead, and how it is known again when lines move.

The file is parsed by tree-sitter, which needs neither headers nor a build, so that a .cu file and an uninstantiated template
are read like any other. What the compiler has to know at compile time is left alone: it cannot be switched at run time.
"""
import dataclasses
import functools
import re

import tree_sitter
import tree_sitter_cpp

from mutant import Mutant

RELATIONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
ARITHMETIC = {"+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("*",), "&&": ("||",), "||": ("&&",),
              "<<": (">>",), ">>": ("<<",), "&": ("|",), "|": ("&",), "^": ("|",)}
ASSIGNMENTS = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<="}
OPPOSITES = {"std::min": "std::max", "std::max": "std::min", "std::floor": "std::ceil", "std::ceil": "std::floor"}
# Calls whose first two arguments may change places without a change of the result.
COMMUTATIVE = re.compile(r"(std::)?(min|max|hypot)$|(.*[:_])?fmaf?$")
# Inside of these nothing is switched: the compiler evaluates them, or they are not expressions.
CONSTANT = {"template_argument_list", "template_parameter_list", "array_declarator", "enumerator", "bitfield_clause",
            "static_assert_declaration", "attribute_declaration", "attribute_specifier", "alignas_qualifier",
            "requires_clause", "concept_definition", "noexcept", "decltype", "sizeof_expression", "gnu_asm_expression",
            "lambda_capture_specifier", "preproc_if", "preproc_def", "preproc_function_def", "preproc_include",
            "explicit_function_specifier"}
MACRO = re.compile(r"[A-Z][A-Z0-9_]+$")
NAMED_CONSTANT = re.compile(r"k[A-Z]\w*$")


@functools.cache
def parser():
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_cpp.language()))


def plain(node_text):
    """The text of a node on one line, without comments."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", node_text.decode(), flags=re.S)
    return " ".join(text.split())


class Finder:
    """Walks a tree once and notes the mutants of every node."""

    def __init__(self, file, source):
        self.file, self.source, self.found = file, source, []

    def note(self, function, kind, shape, begin, end, line, before, after):
        self.found.append(Mutant(self.file, function, kind, shape, begin, end, line, before, after))

    def replace(self, node, function, kind, after, shape="expression"):
        self.note(function, kind, shape, node.start_byte, node.end_byte, node.start_point[0] + 1, plain(node.text), after)

    def walk(self, node, function):
        if node.type in CONSTANT or is_constant(node):
            return
        if node.type == "function_definition":
            function = name_of(node)
            self.early_return(node, function)
        rule = getattr(self, node.type, None)
        if rule and function:
            rule(node, function)
        for child in node.children:
            if not is_label(node, child) and not is_constant_condition(node, child):
                self.walk(child, function)

    # One method for each kind of node, named as the grammar names it.

    def binary_expression(self, node, function):
        operator = plain(node.child_by_field_name("operator").text)
        left, right = (plain(node.child_by_field_name(side).text) for side in ("left", "right"))
        kind = "relation" if operator in RELATIONS else "arithmetic"
        for other in RELATIONS.get(operator, ARITHMETIC.get(operator, ())):
            self.replace(node, function, kind, f"{left} {other} {right}")

    def assignment_expression(self, node, function):
        operator = plain(node.child_by_field_name("operator").text)
        if operator in ASSIGNMENTS:
            left, right = (plain(node.child_by_field_name(side).text) for side in ("left", "right"))
            self.replace(node, function, "arithmetic", f"{left} {ASSIGNMENTS[operator]} {right}")

    def unary_expression(self, node, function):
        if plain(node.child_by_field_name("operator").text) in ("!", "-"):
            self.replace(node, function, "arithmetic", plain(node.child_by_field_name("argument").text))

    def number_literal(self, node, function):
        text = plain(node.text)
        if re.fullmatch(r"0x[0-9a-fA-F']+[uUlL]*|[0-9']+[uUlL]*", text):
            self.replace(node, function, "constant", f"{text} + 1")
            if text == "1":
                self.replace(node, function, "constant", "0")
        elif re.fullmatch(r"0?\.?0*f?|0\.0*f?", text):
            self.replace(node, function, "constant", f"{text} + 1")
        else:
            self.replace(node, function, "constant", f"{text} * 2")

    def true(self, node, function):
        self.replace(node, function, "constant", "false")

    def false(self, node, function):
        self.replace(node, function, "constant", "true")

    def identifier(self, node, function):
        if NAMED_CONSTANT.match(plain(node.text)) and is_value(node):
            self.replace(node, function, "constant", f"{plain(node.text)} + {plain(node.text)}")

    def condition_clause(self, node, function):
        value = node.child_by_field_name("value")
        if value is None or value.type == "declaration":
            return
        loops = node.parent.type in ("while_statement", "do_statement")
        for after in ("false",) if loops else ("true", "false"):
            self.replace(value, function, "condition", after, "condition")

    def conditional_expression(self, node, function):
        for after in ("true", "false"):
            self.replace(node.child_by_field_name("condition"), function, "condition", after, "condition")

    def call_expression(self, node, function):
        callee = plain(node.child_by_field_name("function").text)
        arguments = [child for child in node.child_by_field_name("arguments").named_children if child.type != "comment"]
        texts = [plain(argument.text) for argument in arguments]
        if callee in OPPOSITES:
            self.replace(node, function, "arithmetic", f"{OPPOSITES[callee]}({', '.join(texts)})")
        for i in range(len(texts) - 1):
            same = texts[i] == texts[i + 1] or i == 0 and COMMUTATIVE.match(callee)
            if not same and alike(arguments[i], arguments[i + 1]):
                swapped = texts[:i] + [texts[i + 1], texts[i]] + texts[i + 2:]
                self.replace(node, function, "arguments", f"{callee}({', '.join(swapped)})")

    def expression_statement(self, node, function):
        self.replace(node, function, "statement", "", "statement")
        following = node.next_named_sibling
        if following is None or following.type != "expression_statement" or node.parent.type != "compound_statement":
            return
        first, second = plain(node.text), plain(following.text)
        if first != second and depends(node, following):
            self.note(function, "order", "statement", node.start_byte, following.end_byte, node.start_point[0] + 1,
                      f"{first} {second}", f"{second} {first}")

    def _leaves(self, node, function):
        self.replace(node, function, "statement", "", "statement")

    continue_statement = break_statement = _leaves

    def throw_statement(self, node, function):
        if not ends_function(node):
            self.replace(node, function, "statement", "", "statement")

    def return_statement(self, node, function):
        if node.named_child_count == 0:
            self.replace(node, function, "statement", "", "statement")

    def early_return(self, node, function):
        body = node.child_by_field_name("body")
        if body is None or body.type != "compound_statement" or body.named_child_count == 0:
            return
        kind = node.child_by_field_name("type")
        after = "return;" if kind is None or plain(kind.text) == "void" and "*" not in declarator_prefix(node) else "return {};"
        self.note(function, "return", "insertion", body.start_byte + 1, body.start_byte + 1, body.start_point[0] + 1,
                  "{", "{ " + after)


def declarator_prefix(node):
    return plain(node.child_by_field_name("declarator").text).split("(")[0]


def name_of(function):
    return declarator_prefix(function).lstrip("*& ") or "?"


def is_constant(node):
    """A declaration that the compiler evaluates, an assertion or another macro."""
    if node.type in ("declaration", "field_declaration"):
        words = [plain(child.text) for child in node.children if child.type in ("type_qualifier", "storage_class_specifier")]
        return "constexpr" in words or "consteval" in words or "constinit" in words
    if node.type == "call_expression":
        return MACRO.match(plain(node.child_by_field_name("function").text)) is not None
    return False


def is_label(node, child):
    return node.type == "case_statement" and child == node.child_by_field_name("value")


def is_constant_condition(node, child):
    return (node.type == "if_statement" and child == node.child_by_field_name("condition")
            and any(plain(word.text) == "constexpr" for word in node.children if word.start_byte < child.start_byte))


def is_value(node):
    """A name that is read: not declared, called, qualified or assigned to."""
    parent = node.parent
    return (parent.type in ("binary_expression", "argument_list", "conditional_expression", "return_statement",
                            "subscript_argument_list", "unary_expression", "initializer_list")
            or parent.type == "init_declarator" and node == parent.child_by_field_name("value")
            or parent.type == "assignment_expression" and node == parent.child_by_field_name("right"))


def ends_function(node):
    """The last statement of a function, behind which a function with a result would have none."""
    parent = node.parent
    while parent.type in ("else_clause", "if_statement"):
        parent = parent.parent
    return parent.type == "compound_statement" and parent.parent.type in ("function_definition", "lambda_expression")


def written_by(node):
    """What a statement may change, as it is spelled: what it assigns to, the object or the function that it calls."""
    if node.type in ("assignment_expression", "update_expression"):
        return {plain((node.child_by_field_name("left") or node.child_by_field_name("argument")).text)}
    if node.type == "call_expression":
        function = node.child_by_field_name("function")
        return {plain((function.child_by_field_name("argument") or function).text)}
    return set().union(*(written_by(child) for child in node.children))


def depends(first, second):
    """Whether the order of two statements may matter, as far as their words tell."""
    def mentions(node, written):
        return any(re.search(rf"(?<![\w.]){re.escape(text)}(?!\w)", plain(node.text)) for text in written)
    return mentions(second, written_by(first)) or mentions(first, written_by(second))


def alike(a, b):
    """Whether two arguments may be of one type, as far as their words tell."""
    telling = ("string_literal", "concatenated_string", "raw_string_literal", "lambda_expression")
    return a.type == b.type or not (a.type in telling or b.type in telling)


def with_repeats(mutants):
    seen, numbered = {}, []
    for mutant in mutants:
        repeat = seen.get(mutant.name(), 0)
        seen[mutant.name()] = repeat + 1
        numbered.append(dataclasses.replace(mutant, repeat=repeat))
    return numbered


def mutants_of(file, source):
    """All mutants of a file, in the order of their places. `source`: its bytes."""
    finder = Finder(file, source)
    finder.walk(parser().parse(source).root_node, "")
    unique = sorted(set(finder.found), key=lambda m: (m.begin, m.end, m.kind, m.after))
    return with_repeats(unique)
