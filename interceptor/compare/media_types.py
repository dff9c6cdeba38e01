"""Media types of a request or an answer against those that a document names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

VALIDATABLE = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class _Range:
    """`Application/Problem+JSON; charset=utf-8; q=0.5` -> application, problem+json, {charset=utf-8}, 0.5"""

    type: str
    subtype: str
    parameters: frozenset[str]
    quality: float

    @property
    def suffix(self) -> str:
        return self.subtype.rpartition("+")[2]


def best_match(asked: str, documented: Iterable[str]) -> str | None:
    """The documented media type that an Accept or Content-Type header means, as documented, or None.

    The closest kind of agreement counts first, then the quality that the header gives.
    """
    wanted = sorted(map(_parsed, asked.split(",")), key=lambda each: -each.quality)
    offered = [(each, _parsed(each)) for each in documented]
    for agree in _AGREEMENTS:
        for want in wanted:
            for spelling, offer in offered:
                if agree(want, offer):
                    return spelling
    return None


def is_validatable(media_type: str) -> bool:
    """Whether bodies of a type are compared with schemas; others only by their type."""
    return best_match(media_type, VALIDATABLE) is not None


@lru_cache(maxsize=1000)
def _parsed(text: str) -> _Range:
    bare, *parameters = "".join(text.lower().split()).split(";")
    kind, _, subtype = bare.partition("/")
    quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    others = frozenset(each for each in parameters if each and not each.startswith("q="))
    return _Range(kind, subtype, others, float(quality) if quality.replace(".", "", 1).isdigit() else 1.0)


def _same_type(want: _Range, offer: _Range) -> bool:
    return (want.type, want.subtype) == (offer.type, offer.subtype)


_AGREEMENTS: tuple[Callable[[_Range, _Range], bool], ...] = (
    lambda want, offer: _same_type(want, offer) and want.parameters == offer.parameters,
    _same_type,
    lambda want, offer: (want.type, want.suffix) == (offer.type, offer.suffix),
    lambda want, offer: offer.subtype == "*" and offer.type in {want.type, "*"},
    lambda want, offer: want.subtype == "*" and want.type in {offer.type, "*"},
)
