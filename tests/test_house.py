"""The house rules: one name for one thing, imports that run downwards, modules and functions of a readable size."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "interceptor"
MODULES = {file: ast.parse(file.read_text()) for file in sorted(PACKAGE.rglob("*.py"))}
MOST_ROOMS = 30
MOST_ARROWS = 121
MOST_LINES_OF_A_MODULE = 400
"""Without its docstring."""
MOST_LINES_OF_A_FUNCTION = 50
"""Without its parameters, its docstring, and the functions within it."""


def room(file):
    """A folder of the package, or a module beside them: `engine`, `session`."""
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def type_names(module):
    """The classes and type aliases that a module defines for others."""
    for statement in module.body:
        match statement:
            case ast.ClassDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="TypeAlias")):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript(value=ast.Name(id=generic))) if generic[
                0
            ].isupper() or generic in {"dict", "frozenset", "list", "set", "tuple", "type"}:
                yield name


def public_types():
    """Name to the rooms and modules that define it."""
    found = defaultdict(list)
    for file, module in MODULES.items():
        for name in type_names(module):
            if not name.startswith("_"):
                found[name].append(file)
    return found


def public_names(file):
    """Types and functions."""
    functions = (each.name for each in MODULES[file].body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    return {name for name in (*type_names(MODULES[file]), *functions) if not name.startswith("_")}


def glossary():
    """Word to the names that it has in the code, from the table of the page."""
    text = (ROOT / "docs" / "how-it-works.md").read_text()
    _, _, section = text.partition("\n## Glossary\n")
    rows = re.findall(r"^\| ([a-z][^|]*) \| ([^|]*) \| [A-Z][^|]*\. \|$", section.partition("\n## ")[0], re.MULTILINE)
    assert len(rows) > 50
    return {word.strip(): re.findall(r"`(\w+)`", names) for word, names in rows}


def test_no_two_public_types_share_a_name():
    assert {name: files for name, files in public_types().items() if len(files) > 1} == {}


def test_every_value_is_in_the_glossary():
    named = {name for names in glossary().values() for name in names}
    values = {
        statement.name
        for file, module in MODULES.items()
        for statement in module.body
        if room(file) == "values" and isinstance(statement, ast.ClassDef) and re.match("[A-Z]", statement.name)
    }
    assert values - named == set()


def test_every_room_is_in_the_glossary():
    named = {name for names in glossary().values() for name in names}
    rooms = defaultdict(set)
    for file in MODULES:
        rooms[room(file)] |= public_names(file)
    del rooms["__init__"], rooms["__main__"]
    assert [each for each, names in rooms.items() if not names & named] == []


def test_every_word_of_the_glossary_is_in_the_code():
    names = {name for file in MODULES for name in public_names(file)}
    text = " ".join(file.read_text() for file in MODULES)
    text = re.sub(r"[\s_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)).lower()  # FormPart, form_part
    for word, known_as in glossary().items():
        assert re.search(rf"\b{re.escape(word)}", text), word
        assert set(known_as) <= names, word


@pytest.fixture(scope="module")
def arrows():
    """Room to the rooms that it imports."""
    graph = grimp.build_graph("interceptor")
    rooms = {name.rpartition(".")[2] for name in graph.find_children("interceptor")}
    found = {name: set() for name in rooms}
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            source, target = (f"{name}.".split(".")[1] for name in (importer, imported))
            if source and target and source != target:
                found[source].add(target)
    return found


def test_the_house_stays_small(arrows):
    assert len(arrows) <= MOST_ROOMS
    assert sum(map(len, arrows.values())) <= MOST_ARROWS


def test_no_room_imports_itself_through_others(arrows):
    for start in arrows:
        reached, pending = set(), set(arrows[start])
        while pending:
            reached |= pending
            pending = {target for each in pending for target in arrows[each]} - reached
        assert start not in reached


def lines(body):
    """How many lines statements take, without a docstring at their begin."""
    is_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    code = body[1:] if is_docstring else body
    return code[-1].end_lineno - code[0].lineno + 1 if code else 0


def test_modules_have_a_readable_size():
    sizes = {file.name: lines(module.body) for file, module in MODULES.items() if module.body}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_MODULE} == {}


def test_functions_have_a_readable_size():
    sizes = defaultdict(int)
    for file, module in MODULES.items():
        for each in ast.walk(module):
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [one for one in each.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
                sizes[f"{file.name}:{each.name}"] = lines(each.body) - sum(
                    one.end_lineno - one.lineno + 1 for one in inner
                )
    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FUNCTION} == {}
