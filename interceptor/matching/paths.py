r"""Path patterns: `/users/:id` -> a pattern that a request's path either matches, with parameters, or not.

    /products/:id            one segment                          params.id
    /files/:name.json        a parameter ends at the first character that no name holds
    /v1/:project\:undelete   a backslash makes the next character plain
    /products/:id?           the segment may be missing           params.id is none
    /files/:path+            one or more segments                 params.path is text with slashes
    /files/:path*            any number of segments
    /products/:id(\d+)       a segment that matches the whole expression
    /files/*                 anything, slashes included           params['0']

Both sides are split at `/` before they are percent-decoded, so that an encoded slash never splits a segment.
Case matters; a trailing slash does not, but is remembered, so that an exact spelling can be preferred.

The language is MSW's, that of path-to-regexp 6 for JavaScript, which no library for Python reads: Starlette's and
Werkzeug's paths know no `?`, `+` and `*`. The tests hold it to path-to-regexp itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

from interceptor.values.patterns import Pattern, SlowPatternError
from interceptor.values.urls import Segments

Params: TypeAlias = Mapping[str, str | None]
Shape: TypeAlias = str | tuple[str, int | None] | None
"""A segment's text, or its expression and how many segments it takes at least, where that is not one."""

_NAME = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)")
_PLAIN = re.compile(r"[^:*\\(%]*")
"""A piece in which nothing is special."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What one step of a pattern takes.

    `literal` takes exactly that segment. Otherwise `regex` takes the text of between `least` and `most` segments
    (joined by slashes), and its groups are the parameters `names`.
    """

    literal: str | None = None
    regex: Pattern | None = None
    names: tuple[str, ...] = ()
    least: int = 1
    most: float = 1

    @property
    def single(self) -> bool:
        return self.least == self.most == 1

    @property
    def shape(self) -> Shape:
        """Equal for all that take the same segments."""
        if self.regex is None:
            return self.literal
        return (self.regex.source, None if self.single else self.least)


ANY_SEGMENT = Segment(regex=Pattern("(.+?)", re.DOTALL), names=("any",))
"""What `:name` compiles to."""


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A compiled path pattern."""

    source: str
    segments: tuple[Segment, ...]
    trailing: bool

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for segment in self.segments for name in segment.names)

    @property
    def static(self) -> Segments | None:
        """The segments of a pattern without parameters, else None."""
        literals = tuple(segment.literal for segment in self.segments if segment.literal is not None)
        return literals if len(literals) == len(self.segments) else None

    @property
    def shape(self) -> tuple[Shape, ...]:
        """The pattern with the names of its parameters left out: equal shapes match equal paths."""
        return tuple([step.shape for step in self.segments])

    def spells(self, *, trailing: bool) -> bool:
        """True where a path that ends in a slash, or does not, is spelt as the pattern is."""
        return self.trailing == trailing or bool(self.segments and self.segments[-1].most > 1)

    def match(self, path: Segments) -> Params | None:
        """The parameters of a split path, or None where it does not match, or not in time."""
        params: dict[str, str | None] = {}
        try:
            return params if _match(self.segments, path, params) else None
        except SlowPatternError:
            return None

    def too_slow(self, path: Segments) -> SlowPatternError | None:
        """The expression that does not come to an end in time, where that is why a path does not match."""
        try:
            _match(self.segments, path, {})
        except SlowPatternError as error:
            return error
        return None


def compile_path(source: str, first_star: int = 0) -> PathPattern:
    """Compile the text of a pattern; see the module's table. The first `*` has the number `first_star`.

    Raises:
        ValueError: for a pattern that does not begin with a slash, repeats a parameter or holds a broken expression.
    """
    if not source.startswith(("/", "*")):
        raise ValueError(f'a path begins with a slash: "/{source}"')
    pieces = _pieces(source.removeprefix("/"))
    trailing = len(pieces) > 1 and pieces[-1] == ""
    if trailing or pieces == [""]:
        pieces.pop()
    stars = first_star
    segments = []
    for piece in pieces:
        segment = Segment(piece) if _PLAIN.fullmatch(piece) else _segment(piece, stars)
        stars += sum(name.isdigit() for name in segment.names)
        segments.append(segment)
    names = [name for segment in segments for name in segment.names]
    if len(names) > 1 and (twice := next((name for name in names if names.count(name) > 1), None)):
        raise ValueError(f'the parameter ":{twice}" is in "{source}" twice')
    return PathPattern(source, tuple(segments), trailing)


def _pieces(source: str) -> list[str]:
    """Split at slashes, but not inside the parentheses of a constraint."""
    if "(" not in source and "\\" not in source:
        return source.split("/")
    pieces, piece, depth, index = [], "", 0, 0
    while index < len(source):
        char = source[index]
        if char == "\\":
            piece += source[index : index + 2]
            index += 2
            continue
        depth += (char == "(") - (char == ")" and depth > 0)
        if char == "/" and depth == 0:
            pieces.append(piece)
            piece = ""
        else:
            piece += char
        index += 1
    return [*pieces, piece]


def _segment(piece: str, stars: int) -> Segment:
    names: list[str] = []
    expression, rest, least, most = "", piece, 1, 1.0
    if found := _NAME.match(piece):
        names.append(found[1])
        rest = piece[found.end() :]
        if not rest:
            return Segment(None, ANY_SEGMENT.regex, (found[1],))
        constraint = ".+?"
        if rest.startswith("("):
            constraint, rest = _constraint(rest, piece)
        if rest[:1] in {"?", "+", "*"} and rest[1:] == "":
            least, most = {"?": (0, 1.0), "+": (1, float("inf")), "*": (0, float("inf"))}[rest]
            rest = ""
            if most != 1:
                constraint = f"(?:{constraint})(?:/(?:{constraint}))*"
        expression = f"({constraint})"
    literal = ""
    index = 0
    while index < len(rest):
        char = rest[index]
        if char == "\\" and index + 1 < len(rest):
            index += 1
            literal += rest[index]
        elif char == "*":
            expression += re.escape(unquote(literal)) + "(.*)"
            names.append(str(stars))
            stars += 1
            least, most, literal = (0 if piece == "*" else 1), float("inf"), ""
        else:
            literal += char
        index += 1
    if not names:
        return Segment(literal=unquote(literal))
    regex = Pattern(expression + re.escape(unquote(literal)), re.DOTALL)
    return Segment(regex=regex, names=tuple(names), least=least, most=most)


def _constraint(rest: str, piece: str) -> tuple[str, str]:
    """`(\\d+)rest` -> the expression, its groups made silent, and what follows."""
    depth, index = 0, 0
    while index < len(rest):
        char = rest[index]
        index += 2 if char == "\\" else 1
        depth += (char == "(") - (char == ")")
        if depth == 0:
            break
    if depth:
        raise ValueError(f'"{piece}" lacks a closing parenthesis')
    inner = rest[1 : index - 1]
    try:
        groups = re.compile(inner).groups
    except re.error as error:
        raise ValueError(f'"({inner})" is not a regular expression: {error}') from error
    if groups:
        raise ValueError(f'"({inner})" holds a group; write (?:...) inside a constraint')
    return inner, rest[index:]


def _match(pattern: Sequence[Segment], path: Segments, params: dict[str, str | None]) -> bool:
    """Match segment by segment; only steps that take several segments need to try more than once."""
    for index, segment in enumerate(pattern):
        if segment.literal is not None:
            if index >= len(path) or path[index] != segment.literal:
                return False
        elif segment.single and segment.regex is ANY_SEGMENT.regex:
            if index >= len(path) or not path[index]:
                return False
            params[segment.names[0]] = path[index]
        elif segment.single:
            if index >= len(path) or not _take(segment, path[index : index + 1], params):
                return False
        else:
            return _match_several(segment, pattern[index + 1 :], path[index:], params)
    return len(path) == len(pattern)


def _match_several(segment: Segment, rest: Sequence[Segment], path: Segments, params: dict[str, str | None]) -> bool:
    most = len(path) if segment.most == float("inf") else min(int(segment.most), len(path))
    for count in range(most, segment.least - 1, -1):
        if _take(segment, path[:count], params) and _match(rest, path[count:], params):
            return True
    return False


def _take(segment: Segment, taken: Segments, params: dict[str, str | None]) -> bool:
    if not taken:
        params.update(dict.fromkeys(segment.names, None if segment.most == 1 else ""))
        return True
    assert segment.regex is not None
    found = segment.regex.fullmatch("/".join(taken))
    if found is None or (segment.most == 1 and not all(found.groups())):
        return False
    params.update(zip(segment.names, found.groups(), strict=True))
    return True
