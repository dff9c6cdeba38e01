"""Handlers, compiled once into an index: what a request costs does not grow with their number.

Routes are kept by origin (those of a provider, those of an absolute URL, those of any origin) and within it in a tree
of path segments. The router only knows requests; whether a handler that matches also answers, the engine decides.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from interceptor.handlers.request_part import RequestPart
from interceptor.matching.discriminators import DiscriminatorPlace, ValueIndex, index_values
from interceptor.matching.hosts import HostPattern, compile_host
from interceptor.matching.mismatches import Mismatch
from interceptor.matching.paths import Params, PathPattern, compile_path
from interceptor.matching.requests import RequestCheck
from interceptor.values.lean import lean
from interceptor.values.messages import Request
from interceptor.values.origins import BaseUrl, Origin, Owned, Owners, owner
from interceptor.values.patterns import SECONDS, SlowPatternError
from interceptor.values.urls import Segments, split_path

ANY_METHOD: Final = "ANY"
_NEAREST: Final = 3
_MOST_SITES: Final = 1024
_METHOD_WEIGHT, _SEGMENT_WEIGHT, _LENGTH_WEIGHT = 1.0, 2.0, 1.5


@dataclass(frozen=True, slots=True)
class AddressPattern:
    """Where a handler listens: below a provider, at an origin, or (neither) at any origin."""

    provider: str | None
    origin: Origin | None
    pattern: PathPattern
    host: HostPattern | None = None
    """Of an origin whose host has parameters."""

    def match(self, located: Located, path: Segments) -> Params | None:
        """The parameters of a request at this origin, or None where its path does not match."""
        params = self.pattern.match(path)
        if self.host is None or params is None:
            return params
        return {**self.host.params(located.origin.host), **params}


def compile_address(part: RequestPart, provider: str | None) -> AddressPattern:
    """The address of a handler; a path is below its provider, a URL and a leading `*` stand for themselves.

    Raises:
        ValueError: for a path without a provider, or one that is no pattern.
    """
    text = part.address or ("*" if provider is None else "/*")
    if "://" in text:
        return _compile_url(text)
    if text.startswith("*"):
        return AddressPattern(None, None, compile_path(text[1:] if text.startswith("*/") else text))
    if provider is None:
        raise ValueError(f'"{text}" has no provider to be relative to; name one at the top of the file, or write a URL')
    return AddressPattern(provider, None, compile_path(text))


def _compile_url(text: str) -> AddressPattern:
    authority, slash, path = text.partition("://")[2].partition("/")
    origin, host = Origin.parse(text, parameters=True), compile_host(authority)
    pattern = compile_path(slash + path or "/", first_star=0 if host is None else host.stars)
    if host is not None and (twice := next((name for name in pattern.names if name in host.names), None)):
        raise ValueError(f'the parameter ":{twice}" is in "{text}" twice')
    return AddressPattern(None, origin, pattern, host)


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One handler's request part, compiled; `rank` is its place in the order of all handlers."""

    rank: int
    method: str
    address: AddressPattern
    checks: Sequence[RequestCheck]
    demands: Mapping[DiscriminatorPlace, Hashable] = field(default_factory=dict)
    """The values that it asks for, where plain equality is all it asks (see `discriminators`)."""

    def mismatches(self, request: Request) -> list[Mismatch]:
        """What differs, beside method and path; nothing means that the request matches."""
        return [mismatch for check in self.checks for mismatch in _in_time(check, request)]

    def matches(self, request: Request) -> bool:
        try:
            return not any(check(request) for check in self.checks)
        except SlowPatternError:
            return False

    def allows(self, method: str) -> bool:
        """Whether it takes a method; what answers GET answers HEAD (RFC 9110, section 9.3.2)."""
        return self.method in {ANY_METHOD, method} or (self.method, method) == ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Near:
    """A handler that did not match, and what differs."""

    route: Route
    mismatches: tuple[Mismatch, ...]


@dataclass(slots=True)
class _Node:
    """A step in the tree of paths."""

    literal: dict[str, _Node] = field(default_factory=dict)
    single: _Node | None = None
    """Below a parameter that takes one segment; the pattern itself checks its expression."""
    ends: list[Route] = field(default_factory=list)
    index: ValueIndex[Route] | None = None
    """The ends again, where they are many and a value tells them apart."""
    several: list[Route] = field(default_factory=list)
    """Routes whose next step takes several segments: from here on their patterns decide."""


class _Tree:
    def __init__(self) -> None:
        self._root = _Node()
        self.routes: list[Route] = []

    def add(self, route: Route) -> None:
        self.routes.append(route)
        node = self._root
        for step in route.address.pattern.segments:
            if step.literal is not None:
                node = node.literal.setdefault(step.literal, _Node())
            elif step.single:
                node.single = node.single or _Node()
                node = node.single
            else:
                node.several.append(route)
                return
        node.ends.append(route)

    def sort(self) -> None:
        """To be called when all routes are there."""
        nodes = [self._root]
        while nodes:
            node = nodes.pop()
            node.index = index_values(node.ends)
            nodes += [*node.literal.values(), *([node.single] if node.single else [])]

    def find(self, path: Segments, request: Request) -> Iterator[Route]:
        """The routes whose path may match, all those whose path does among them."""
        nodes = [self._root]
        for segment in path:
            following = []
            for node in nodes:
                yield from node.several
                if (literal := node.literal.get(segment)) is not None:
                    following.append(literal)
                if node.single is not None:
                    following.append(node.single)
            if not following:
                return
            nodes = following
        for node in nodes:
            yield from node.several
            yield from node.ends if node.index is None else node.index.possible(request)


@dataclass(frozen=True, slots=True)
class _Site:
    """What a router knows about one origin."""

    origin: Origin
    bases: tuple[BaseUrl, ...]
    """The base URLs of providers there, the longest first."""
    trees: tuple[_Tree, ...]
    """The routes of handlers with a URL of their own, those at any origin included."""


@lean(frozen=True, slots=True)
class Located:
    """A request with all that depends on its address alone."""

    origin_text: str
    origin: Origin
    segments: Segments
    trailing: bool
    owned: Owned | None


class Router:
    """All routes of a project."""

    def __init__(self, owners: Owners, routes: Sequence[Route]) -> None:
        self.owners = owners
        self.routes = routes
        self._providers: dict[str, _Tree] = {}
        self._origins: dict[Origin, _Tree] = {}
        self._anywhere = _Tree()
        self._wildcards: list[Origin] = []
        self._sites: dict[str, _Site] = {}
        for route in routes:
            self._tree(route.address).add(route)
        for tree in (*self._providers.values(), *self._origins.values(), self._anywhere):
            tree.sort()

    def _tree(self, address: AddressPattern) -> _Tree:
        if address.provider is not None:
            return self._providers.setdefault(address.provider, _Tree())
        if address.origin is None:
            return self._anywhere
        if not address.origin.exact and address.origin not in self._origins:
            self._wildcards.append(address.origin)
        return self._origins.setdefault(address.origin, _Tree())

    def locate(self, request: Request) -> Located:
        """Split a request's address and find its owner."""
        site = self._site(request.origin)
        segments, trailing = split_path(request.path)
        owned = owner(site.bases, request, segments, trailing=trailing)
        return Located(request.origin, site.origin, segments, trailing, owned)

    def _site(self, origin_text: str) -> _Site:
        known = self._sites.get(origin_text)
        if known is not None:
            return known
        origin = Origin.parse(origin_text)
        trees = [self._origins[origin]] if origin in self._origins else []
        trees += [self._origins[pattern] for pattern in self._wildcards if pattern.covers(origin)]
        trees += [self._anywhere] if self.anywhere else []
        site = _Site(origin, tuple(self.owners.at(origin)), tuple(trees))
        if len(self._sites) >= _MOST_SITES:
            self._sites.clear()
        self._sites[origin_text] = site
        return site

    def owns_origin(self, origin: Origin) -> bool:
        """True where a provider or a handler with an absolute URL is at this origin."""
        if self.owners.at(origin) or origin in self._origins:
            return True
        return any(pattern.covers(origin) for pattern in self._wildcards)

    @property
    def hosts(self) -> set[str]:
        """The hosts, or patterns of hosts, that providers and handlers with an absolute URL are at."""
        origins = (*(base.origin for base in self.owners.bases), *self._origins)
        return {origin.host_glob for origin in origins}

    @property
    def origins(self) -> list[Origin]:
        """The origins of providers and of handlers with an absolute URL, patterns among them."""
        return list(dict.fromkeys((*(base.origin for base in self.owners.bases), *self._origins)))

    @property
    def anywhere(self) -> bool:
        """True where a handler answers at any origin."""
        return bool(self._anywhere.routes)

    def candidates(self, request: Request, located: Located) -> list[tuple[Route, Params]]:
        """The routes whose method and path match, in the order in which they are asked."""
        found = [
            (route, params)
            for tree, segments in self._trees(located)
            for route in tree.find(segments, request)
            if route.allows(request.method) and (params := route.address.match(located, segments)) is not None
        ]
        if len(found) > 1:
            trailing, is_head = located.trailing, request.method == "HEAD"
            found.sort(
                key=lambda each: (
                    is_head and each[0].method != "HEAD",  # one that names it means it
                    not each[0].address.pattern.spells(trailing=trailing),
                    each[0].rank,
                )
            )
        return found

    def _trees(self, located: Located) -> Iterator[tuple[_Tree, Segments]]:
        owned = located.owned
        if owned is not None and (tree := self._providers.get(owned.provider)) is not None:
            yield tree, owned.segments
        for tree in self._site(located.origin_text).trees:
            yield tree, located.segments

    def nearest(self, request: Request, located: Located) -> list[Near]:
        """The handlers that come closest to a request that none of them matches, the nearest first."""
        scored = [
            (self._likeness(route, request, segments), -route.rank, route, segments)
            for tree, segments in self._trees(located)
            for route in tree.routes
        ]
        best = heapq.nlargest(_NEAREST, (each for each in scored if each[0] > 0))
        return [
            Near(route, (*_address_mismatches(route, request, segments), *route.mismatches(request)))
            for _, _, route, segments in best
        ]

    @staticmethod
    def _likeness(route: Route, request: Request, segments: Segments) -> float:
        """How alike a route and a request are: mostly by path, then by method, then by the other parts."""
        pattern = route.address.pattern
        if pattern.match(segments) is not None:
            score = 10.0 - 0.1 * len(route.mismatches(request))
        else:
            same = sum(
                step.literal == segment or step.literal is None
                for step, segment in zip(pattern.segments, segments, strict=False)
            )
            longest = max(len(pattern.segments), len(segments), 1)
            alike = _SEGMENT_WEIGHT * same / longest
            score = alike + (_LENGTH_WEIGHT if len(pattern.segments) == len(segments) else 0.0)
        return score + (_METHOD_WEIGHT if route.allows(request.method) else 0.0)


def _address_mismatches(route: Route, request: Request, segments: Segments) -> Iterator[Mismatch]:
    if not route.allows(request.method):
        yield Mismatch("method", route.method, request.method)
    if route.address.pattern.match(segments) is None:
        yield Mismatch("path", route.address.pattern.source, "/" + "/".join(segments))
        if (error := route.address.pattern.too_slow(segments)) is not None:
            yield _too_slow(error)


def _in_time(check: RequestCheck, request: Request) -> Sequence[Mismatch]:
    try:
        return check(request)
    except SlowPatternError as error:
        return (_too_slow(error),)


def _too_slow(error: SlowPatternError) -> Mismatch:
    return Mismatch(f'pattern "{error.pattern}"', f"an end within {SECONDS:g} s", "none: it is too slow for this")
