"""Media types of a request or an answer against those that a document names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from interceptor.values.media_types import FORM_MEDIA_TYPE, JSON_MEDIA_TYPE, MULTIPART_MEDIA_TYPE, MediaType, media_type

VALIDATABLE = (JSON_MEDIA_TYPE, FORM_MEDIA_TYPE, MULTIPART_MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class _Range:
    """`Application/Problem+JSON; charset=UTF-8; q=0.5` -> the media type, {("charset", "utf-8")}, 0.5"""

    kind: MediaType
    parameters: frozenset[tuple[str, str]]
    quality: float


def best_match(accepted: str, documented: Iterable[str]) -> str | None:
    """The documented media type that an Accept or Content-Type header means, as documented, or None.

    The closest kind of agreement counts first, then the quality that the header gives.
    """
    wanted = sorted(map(_parsed, accepted.split(",")), key=lambda each: -each.quality)
    offered = [(each, _parsed(each)) for each in documented]
    for agree in _AGREEMENTS:
        for want in wanted:
            for spelling, offer in offered:
                if agree(want, offer):
                    return spelling
    return None


def is_validatable(kind: str) -> bool:
    """Whether bodies of a type are compared with schemas; others only by their type."""
    return best_match(kind, VALIDATABLE) is not None


def _parsed(text: str) -> _Range:
    kind = media_type(text)
    quality = kind.parameters.get("q", "1")
    others = frozenset((name, value.lower()) for name, value in kind.parameters.items() if name != "q")
    return _Range(kind, others, float(quality) if quality.replace(".", "", 1).isdigit() else 1.0)


def _same_type(want: _Range, offer: _Range) -> bool:
    return want.kind.essence == offer.kind.essence


_AGREEMENTS: tuple[Callable[[_Range, _Range], bool], ...] = (
    lambda want, offer: _same_type(want, offer) and want.parameters == offer.parameters,
    _same_type,
    lambda want, offer: (want.kind.type, want.kind.suffix) == (offer.kind.type, offer.kind.suffix),
    lambda want, offer: offer.kind.subtype == "*" and offer.kind.type in {want.kind.type, "*"},
    lambda want, offer: want.kind.subtype == "*" and want.kind.type in {offer.kind.type, "*"},
)
