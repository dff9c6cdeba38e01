"""Rules of an XML body: the Pact tools compare element by element, and apply a rule for the whole to the root element.

A path has the names of elements, with their namespaces; elements of one name beside each other share it. Text is
`#text`, an attribute `@name`: `$['urn:shop:order']['@at']`, `$.order.id['#text']`. Measured with the Rust verifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from interceptor.pact.rules import Rule, escape, is_addressable
from interceptor.values.place import Steps, spell_path

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
"""Unicode guarantees that these never stand for a character; XML allows them."""
_SLOT = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


def xml_rules(pieces: Sequence[str], patterns: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of an XML text with values of some patterns between its pieces; none where it cannot be read.

    `xml_rules(["<r at='", "'/>"], [r"\\d+"])` -> a rule `^\\d+$` at `$.r['@at']`.
    """
    text = pieces[0] + "".join(f"{_OPEN}{number}{_CLOSE}{piece}" for number, piece in enumerate(pieces[1:]))
    if "<!DOCTYPE" in text:
        return ()  # its entities may grow without bound
    try:
        root = ET.fromstring(text)  # noqa: S314  # has no document type
    except (ET.ParseError, ValueError):
        return ()
    found: dict[Steps, dict[str, None]] = {}
    for steps, value in _values(root, ()):
        found.setdefault(steps, {})[_pattern(value, patterns)] = None
    varying = {steps for steps, value in _values(root, ()) if _SLOT.search(value)}
    return tuple(
        Rule("body", spell_path(steps), "regex", f"^{_either(list(found[steps]))}$")
        for steps in sorted(varying, key=repr)
        if is_addressable(steps)
    )


def _values(element: ET.Element, above: Steps) -> Iterator[tuple[Steps, str]]:
    steps = (*above, _name(element.tag))
    for name, value in element.attrib.items():
        yield (*steps, f"@{_name(name)}"), value
    own = [element.text or "", *(child.tail or "" for child in element)]
    if any(text.strip() for text in own):
        yield (*steps, "#text"), "".join(own)
    for child in element:
        yield from _values(child, steps)


def _name(qualified: str) -> str:
    """`{urn:shop}order` -> `urn:shop:order`."""
    return qualified.removeprefix("{").replace("}", ":", 1)


def _pattern(value: str, patterns: Sequence[str]) -> str:
    return "".join(
        patterns[int(piece)] if index % 2 else escape(piece) for index, piece in enumerate(_SLOT.split(value))
    )


def _either(patterns: list[str]) -> str:
    return patterns[0] if len(patterns) == 1 else f"({'|'.join(patterns)})"
