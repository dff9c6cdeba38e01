"""How Jinja2 compiles and runs templates; see `templates`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, UndefinedError, meta, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from interceptor.answering.bounds import bounded, check_call, check_operator, go_on, in_limited_time, in_time
from interceptor.answering.fakes import unknown_fake
from interceptor.answering.functions import FILTERS, GLOBALS
from interceptor.answering.sources import SOURCES
from interceptor.answering.template import Template, TemplateFault

_NEVER = "\x00never"
"""`{%` and `{#` are plain text in handler files: their delimiters become something that cannot be written."""
_LONGEST_MESSAGE = 300
_ADDRESS = re.compile(r" at 0x[0-9a-f]+>\Z")
"""How Python writes an object that has no text of its own."""
_LOOP = "in time"
"""The filter that every loop's elements go through; no template can name it."""


class _Environment(ImmutableSandboxedEnvironment):
    """Item before attribute, and nothing that a handler file does not need."""

    intercepted_binops = frozenset({"*", "**", "%"})  # Jinja2 computes no constants of these as it compiles

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        check_operator(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, function: Any, *arguments: Any, **more: Any) -> Any:  # its name is Jinja2's
        method = getattr(function, "__wrapped__", function)  # as the sandbox gives `format`
        if isinstance(subject := getattr(method, "__self__", None), str):
            check_call(method.__name__, subject, (*arguments, *more.values()))
        else:
            go_on()
        return super().call(context, function, *arguments, **more)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        for loop in template.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _LOOP, [], [], None, None, lineno=loop.lineno)
        return template

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


_marking: ContextVar[bool] = ContextVar("marking", default=False)
_MARK = "\ufdd0"
"""Unicode guarantees that it never stands for a character."""


def _as_text(value: Any) -> Any:
    """How a value reads inside text: as JSON writes it."""
    if isinstance(value, str | int | float | Undefined) and not isinstance(value, bool):
        text = value
    else:
        plain = _plain(value)
        text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return f"{_MARK}{str(text).replace(_MARK, '')}{_MARK}" if _marking.get() else text


def _environment(**delimiters: str) -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined, finalize=_as_text, keep_trailing_newline=True, autoescape=False, **delimiters
    )
    environment.globals.pop("lipsum")  # random text, which no contract wants
    environment.globals.update(GLOBALS)
    environment.filters.update(FILTERS)
    environment.filters = {name: bounded(name, each) for name, each in environment.filters.items()}
    environment.filters[_LOOP] = in_time
    return environment


_INLINE = _environment(
    block_start_string=f"{_NEVER}%",
    block_end_string=f"%{_NEVER}",
    comment_start_string=f"{_NEVER}#",
    comment_end_string=f"#{_NEVER}",
)
_FILE = _environment()


def compile_text(text: str, known: Iterable[str]) -> Template:
    """The template of a string that holds `{{`."""
    single = _single_expression(text)
    if single is not None:
        return compile_expression(single, known, text)
    try:
        names, reads = _names(_INLINE, text, known, text)
        compiled = _INLINE.from_string(text)
    except TemplateSyntaxError as error:
        raise TemplateFault(f"{error.message} in {text}") from error
    return Template(names, reads, partial(_render, compiled.render, text), partial(_parts, compiled.render, text))


def compile_expression(expression: str, known: Iterable[str], shown: str) -> Template:
    """The template of a bare expression; `shown` is how its author wrote it."""
    try:
        names, reads = _names(_INLINE, "{{ " + expression + " }}", known, shown)
        run = _INLINE.compile_expression(expression, undefined_to_none=False)
    except TemplateSyntaxError as error:
        raise TemplateFault(f"{error.message} in {shown}") from error
    return Template(names, reads, partial(_render, run, shown))


def mentioned(expression: str) -> list[str]:
    """See `templates`; the longest chain of members that begins with a name, each once, in their order."""
    found: dict[str, None] = {}
    pending: list[nodes.Node] = [_INLINE.parse("{{ " + expression + " }}")]
    while pending:
        node = pending.pop()
        if (chain := _chain(node)) is not None:
            found.setdefault(chain)
        else:
            pending += reversed(list(node.iter_child_nodes()))
    return list(found)


def _chain(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name(name=str(name)):
            return name
        case nodes.Getattr(node=inner, attr=str(attribute)) if (before := _chain(inner)) is not None:
            return f"{before}.{attribute}"
    return None


def compile_file(text: str, known: Iterable[str], shown: str) -> Template:
    """The template of a `.j2` file, named `shown`."""
    try:
        names, reads = _names(_FILE, text, known, shown)
        compiled = _FILE.from_string(text)
        captures = next(_FILE.parse(text).find_all(_CAPTURES), None) is not None
    except TemplateSyntaxError as error:
        raise TemplateFault(f"{error.message} in {shown}, line {error.lineno}") from error
    parts = None if captures else partial(_parts, compiled.render, shown)
    return Template(names, reads, partial(_render, compiled.render, shown), parts)


_CAPTURES = (nodes.AssignBlock, nodes.CallBlock, nodes.FilterBlock, nodes.Macro)
"""What takes the text of expressions, before it is written, as a value: there marks would be part of it."""


def _parts(run: Callable[[Mapping[str, Any]], str], shown: str, values: Mapping[str, Any]) -> list[str]:
    token = _marking.set(True)
    try:
        text: str = _render(run, shown, values)
    finally:
        _marking.reset(token)
    return text.split(_MARK)


def _render(run: Callable[[Mapping[str, Any]], Any], shown: str, values: Mapping[str, Any]) -> Any:
    try:
        return in_limited_time(lambda: _plain(run(values)))
    except UndefinedError as error:
        raise TemplateFault(f"{_undefined(str(error))} in {shown}") from error
    except (
        TemplateError,
        re.error,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise TemplateFault(f"{error} in {shown}"[:_LONGEST_MESSAGE]) from error


def _plain(value: Any) -> Any:
    if callable(value) and not isinstance(value, Undefined):
        raise TypeError("there is no such member; a method of that name must be called")
    return _jsonable(value)


def _names(
    environment: _Environment, source: str, known: Iterable[str], shown: str
) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    tree = environment.parse(source)
    filters = {each.name for each in tree.find_all(nodes.Filter)}
    names = meta.find_undeclared_variables(tree) - environment.globals.keys()
    known = list(known)
    if "fake" in names:
        _check_fakes(environment.parse(source), shown)
    for name in sorted(names):
        if name not in known:
            raise TemplateFault(f'"{name}" is not known in {shown}; known here: {", ".join(sorted(known))}')
    called = {name for name in GLOBALS if re.search(rf"\b{name}\b", source)}
    return frozenset(names | called | (filters & SOURCES)), frozenset(_reads(tree))


def _reads(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    """The headers and cookies of the request that are named as members, by `get` and `all`, and beside `in`; data."""
    for name in _members_of_data(tree):
        yield "data", name
    for each in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Compare)):
        match each:
            case nodes.Getattr(node=nodes.Getattr() as part, attr=str(name)) if _of_request(part):
                yield part.attr, name.lower().replace("_", "-") if part.attr == "headers" else name
            case nodes.Getitem(node=nodes.Getattr() as part, arg=nodes.Const(value=str(name))) if _of_request(part):
                yield part.attr, name.lower() if part.attr == "headers" else name
            case nodes.Call(
                node=nodes.Getattr(node=nodes.Getattr() as part), args=[nodes.Const(value=str(name)), *_]
            ) if _of_request(part):
                yield part.attr, name.lower() if part.attr == "headers" else name
            case nodes.Compare(expr=nodes.Const(value=str(name)), ops=[nodes.Operand(expr=nodes.Getattr() as part)]):
                if _of_request(part):
                    yield part.attr, name.lower() if part.attr == "headers" else name


def _members_of_data(tree: nodes.Template) -> Iterator[str]:
    for each in tree.find_all((nodes.Getattr, nodes.Getitem)):
        match each:
            case (
                nodes.Getattr(node=nodes.Name(name="data"), attr=str(name))
                | nodes.Getitem(node=nodes.Name(name="data"), arg=nodes.Const(value=str(name)))
            ):
                yield name


def _of_request(part: nodes.Getattr) -> bool:
    return part.attr in {"headers", "cookies"} and isinstance(part.node, nodes.Name) and part.node.name == "request"


def _check_fakes(template: nodes.Template, shown: str) -> None:
    """Every `fake.name()` has to be one that there is, called."""
    called = {id(call.node) for call in template.find_all(nodes.Call)}
    for each in template.find_all(nodes.Getattr):
        inner = each.node.node if isinstance(each.node, nodes.Call) else each.node
        if isinstance(inner, nodes.Name) and inner.name == "fake":
            if (why := unknown_fake(each.attr)) is not None:
                raise TemplateFault(f"{why} in {shown}")
            if id(each) not in called:
                raise TemplateFault(f"fake.{each.attr} must be called, fake.{each.attr}(), in {shown}")


def _single_expression(text: str) -> str | None:
    """The expression of a string that is nothing else, found with Jinja2's own lexer: strings may hold braces."""
    if not text.startswith("{{") or not text.endswith("}}"):
        return None
    try:
        tokens = list(_INLINE.lex(text))
    except TemplateSyntaxError:
        return None
    kinds = [kind for _, kind, _ in tokens]
    if kinds.count("variable_begin") != 1 or kinds[0] != "variable_begin" or kinds[-1] != "variable_end":
        return None
    return "".join(value for _, _, value in tokens[1:-1])


def _jsonable(value: Any) -> Any:
    """Filters answer generators and tuples where JSON has arrays; an unknown member may hide in a list."""
    match value:
        case Undefined():
            value._fail_with_undefined_error()  # noqa: SLF001  # the only way to Jinja2's own message
        case None | str() | int() | float():
            return value
        case bytes():
            raise TypeError("these are bytes: write request.text for text, or put | b64encode behind them")
        case Mapping():
            return {str(key): _jsonable(member) for key, member in value.items()}
        case Iterable():
            return [_jsonable(element) for element in in_time(value)]
    if _ADDRESS.search(text := str(value)):
        raise TypeError("this is no value; name a member of it")
    return text


def _undefined(message: str) -> str:
    """Jinja2 names the Python type of what lacks a member; an author of YAML does not know it."""
    return re.sub(r"'(None|dict|list|str|int|float|[\w.]+ object)' has no attribute", "there is no", message).replace(
        "object there is no", "there is no"
    )
