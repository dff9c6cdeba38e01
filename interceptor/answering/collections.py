"""A collection in `data` as `resource` serves it: its elements found, listed, made and changed.

Elements are objects. An id is compared as text, since the one in a path always is.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from interceptor.answering.views import FirstValues, RequestView
from interceptor.values.json_text import Json

Element = Mapping[str, Any]


def merge(value: Any, change: Any) -> Any:
    """A value changed as by a JSON Merge Patch (RFC 7396): objects are merged, null removes, all else replaces."""
    if not isinstance(change, Mapping):
        return change
    merged = dict(value) if isinstance(value, Mapping) else {}
    for name, member in change.items():
        if member is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), member)
    return merged


def with_item(elements: Iterable[Element], element: Element, key: str = "id") -> list[Element]:
    """The list with an element in the place of the one with its id, or at the end."""
    if not isinstance(element, Mapping) or key not in element:
        raise ValueError(f'with_item: the element has no member "{key}"')
    found, same = list(elements), as_text(element[key])
    for index, each in enumerate(found):
        if _id(each, key) == same:
            return [*found[:index], element, *found[index + 1 :]]
    return [*found, element]


def without(elements: Iterable[Element], ids: Any, key: str = "id") -> list[Element]:
    """The list without the elements of an id, or of several ids."""
    gone = {as_text(each) for each in (ids if isinstance(ids, list | tuple) else [ids])}
    return [each for each in elements if _id(each, key) not in gone]


class Collection:
    """The elements of a list in `data` that are below one path.

    Args:
        everything: the whole list.
        key: the member that is an element's id.
        parents: members that the path sets: `{"product": "7"}` for `/products/:product/reviews`.
    """

    def __init__(self, everything: Any, key: str, parents: Mapping[str, str]) -> None:
        self._everything: list[Element] = list(everything)
        self._key = key
        self._parents = parents

    @property
    def _elements(self) -> list[Element]:
        return [each for each in self._everything if self._is_below(each)]

    def has(self, element_id: str) -> bool:
        return any(_id(each, self._key) == element_id for each in self._elements)

    def one(self, element_id: str) -> Element:
        return next(each for each in self._elements if _id(each, self._key) == element_id)

    def holds(self, body: Element) -> bool:
        """True if the id that a body gives is taken."""
        return body.get(self._key) is not None and self.has(as_text(body[self._key]))

    def listed(self, query: FirstValues, filters: list[str], page: Mapping[str, Any]) -> list[Element]:
        """The elements that a query asks for, sorted, and of these one page."""
        found = self._selected(query, filters)
        if not page:
            return found
        number, size = _page_of(query, page)
        return found[(number - 1) * size : number * size]

    def links(self, request: RequestView, filters: list[str], page: Mapping[str, Any]) -> str | None:
        """The Link header (RFC 8288) of a page; None where there is only one."""
        number, size = _page_of(request.query, page)
        last = max(1, -(-len(self._selected(request.query, filters)) // size))
        pages = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
        parts, name = urlsplit(request.url), page["parameters"][0]
        others = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
        found = [
            f'<{urlunsplit(parts._replace(query=urlencode([*others, (name, to)])))}>; rel="{relation}"'
            for relation, to in pages.items()
            if 1 <= to <= last and to != number
        ]
        return ", ".join(found) or None

    def asked(self, query: FirstValues, filters: list[str], page: Mapping[str, Any]) -> str:
        """` by name=Lamp&page=2`: what of a query changes the list."""
        known = {*_operators(filters), "sort", *page.get("parameters", ())}
        pairs = [(name, value) for name in sorted(query) if name in known for value in query.all(name)]
        return f" by {urlencode(pairs)}" if pairs else ""

    def made(self, body: Element, kind: str, path: str, call: int) -> Element:
        """A new element of a body: with its id, or with one that is the same in every run."""
        given = body.get(self._key)
        made = self._new_id(kind, path, call) if given is None else given
        return {self._key: made, **{name: value for name, value in body.items() if name != self._key}, **self._above()}

    def location(self, url: str, element: Element) -> str:
        """The path of an element that was created at a url."""
        return f"{urlsplit(url).path.rstrip('/')}/{as_text(element[self._key])}"

    def replaced(self, element_id: str, body: Element) -> Element:
        """An element with other members, but the same id and place."""
        return self._kept(self.one(element_id), body)

    def patched(self, element_id: str, body: Element) -> Element:
        """An element changed by a JSON Merge Patch, but for its id and place."""
        before = self.one(element_id)
        return self._kept(before, merge(before, body))

    def including(self, element: Element) -> list[Element]:
        """The whole list, after an element was made or changed."""
        changed = as_text(element[self._key])
        if not self.has(changed):
            return [*self._everything, element]
        return [element if self._is(each, changed) else each for each in self._everything]

    def excluding(self, element_id: str) -> list[Element]:
        """The whole list, after an element was deleted."""
        return [each for each in self._everything if not self._is(each, element_id)]

    def _is_below(self, each: Any) -> bool:
        return isinstance(each, Mapping) and all(
            as_text(each.get(name)) == value for name, value in self._parents.items()
        )

    def _is(self, each: Element, element_id: str) -> bool:
        return self._is_below(each) and _id(each, self._key) == element_id

    def _kept(self, before: Element, after: Element) -> Element:
        fixed = {name: before[name] for name in (self._key, *self._parents)}
        return {self._key: before[self._key], **after, **fixed}

    def _above(self) -> dict[str, Json]:
        """The members that the path sets, as numbers where those of all elements are."""
        found: dict[str, Json] = {}
        for name, value in self._parents.items():
            known = [each.get(name) for each in self._everything if isinstance(each, Mapping)]
            numbers = bool(known) and value.isdecimal() and all(map(_is_whole, known))
            found[name] = int(value) if numbers else value
        return found

    def _new_id(self, kind: str, path: str, call: int) -> Json:
        ids = [each.get(self._key) for each in self._everything if isinstance(each, Mapping)]
        numeric = [int(as_text(each)) for each in ids if as_text(each).isdecimal()]
        if kind == "uuid" or (kind == "any" and len(numeric) < len(ids)):
            return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path}#{call}"))
        number = max(numeric, default=0) + 1
        return str(number) if any(isinstance(each, str) for each in ids) else number

    def _selected(self, query: FirstValues, filters: list[str]) -> list[Element]:
        found = self._elements
        for name, (member, holds) in _operators(filters).items():
            if wanted := query.all(name):
                found = [each for each in found if holds(_member(each, member), wanted)]
        for part in reversed([each for each in query.get("sort", "").split(",") if each]):
            member = part.lstrip("+-")
            known = [each for each in found if _member(each, member) is not None]
            unknown = [each for each in found if _member(each, member) is None]
            found = sorted(known, key=lambda each: _rank(_member(each, member)), reverse=part.startswith("-")) + unknown
        return found


def collection(everything: Any, key: str, parents: Mapping[str, str]) -> Collection:
    """What the templates of a `resource` begin with; not for those of a project."""
    return Collection(everything, key, parents)


def as_text(value: Any) -> str:
    """How a value reads in a path or a query."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _id(each: Any, key: str) -> str | None:
    return as_text(each.get(key)) if isinstance(each, Mapping) and each.get(key) is not None else None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _member(each: Any, path: str) -> Any:
    """`owner.name`; None where there is no such member."""
    for name in path.split("."):
        each = each.get(name) if isinstance(each, Mapping) else None
    return each


def _page_of(query: FirstValues, page: Mapping[str, Any]) -> tuple[int, int]:
    """Number and size; what is no number from 1 on counts as if it were not there."""
    said = [query.get(name, "") for name in page["parameters"]]
    numbers = [int(each) if each.isascii() and each.isdecimal() and int(each) else None for each in said]
    return numbers[0] or 1, (numbers[1] if len(numbers) > 1 else None) or page["size"]


def _rank(value: Any) -> tuple[bool, Any]:
    """Numbers by their size before all else, which is compared as text."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return (False, value) if number else (True, as_text(value))


def _is_one_of(value: Any, wanted: list[str]) -> bool:
    return any(as_text(each) in wanted for each in (value if isinstance(value, list) else [value]) if each is not None)


def _compared(holds: Callable[[Any, Any], bool]) -> Callable[[Any, list[str]], bool]:
    def compare(value: Any, wanted: list[str]) -> bool:
        if value is None:
            return False
        if isinstance(value, int | float):
            try:
                return all(holds(value, float(each)) for each in wanted)
            except ValueError:
                return False
        return all(holds(as_text(value), each) for each in wanted)

    return compare


def _contains(value: Any, wanted: list[str]) -> bool:
    return all(each.casefold() in as_text(value).casefold() for each in wanted)


_FILTERS: Mapping[str, Callable[[Any, list[str]], bool]] = {
    "": _is_one_of,
    "_ne": lambda value, wanted: not _is_one_of(value, wanted),
    "_lt": _compared(lambda value, limit: bool(value < limit)),
    "_lte": _compared(lambda value, limit: bool(value <= limit)),
    "_gt": _compared(lambda value, limit: bool(value > limit)),
    "_gte": _compared(lambda value, limit: bool(value >= limit)),
    "_contains": _contains,
}


def _operators(filters: list[str]) -> dict[str, tuple[str, Callable[[Any, list[str]], bool]]]:
    """By query parameter, the member that it is about, and how it is compared."""
    return {f"{member}{suffix}": (member, holds) for member in filters for suffix, holds in _FILTERS.items()}
