"""Finds secrets in XML and HTML: contents of elements and values of attributes with a secret name.

Not an XML parser: everything but the secrets must stay as it is, byte for byte, and documents need not be
well-formed. It takes one pass from tag to tag, whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from interceptor.redaction.masks import Span
from interceptor.redaction.names import is_secret_name

_TAG = re.compile(
    r"""<(?: (/?)([A-Za-z_][\w:.-]{0,120}) ([^<>"']*(?:(?:"[^"<]*"|'[^'<]*')[^<>"']*)*) > | (!\[CDATA\[) | (!--) )""",
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([\w:.-]{1,120})\s{0,8}=\s{0,8}(?:"([^"<]*)"|'([^'<]*)')""")
_NAMING = frozenset({"name", "id", "key", "field", "property", "autocomplete", "type"})
"""Attributes whose value names the content of an element: `<input name="password" value="x">`."""
_KEYS = frozenset({"key", "name"})
"""Elements whose content names what the next one holds, in property lists and in XML-RPC."""
_HOLDING = frozenset({"value", "content"})
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
"""Elements of HTML that have no end tag."""
_CDATA_END, _COMMENT_END = "]]>", "-->"


def in_markup(text: str) -> list[Span]:
    """The spans of values with secret names in XML or HTML."""
    return list(_Walk(text).spans())


@dataclass(slots=True)
class _Walk:
    text: str
    open: list[tuple[str, bool]] = field(default_factory=list)
    """The open elements, and whether each one is secret or inside a secret one."""
    named: bool = False
    """Whether the element before said what the next one holds: `<key>password</key><string>x</string>`."""

    def spans(self) -> Iterator[Span]:
        position = end = 0
        for tag in _TAG.finditer(self.text):
            start = tag.start()
            if start < position:
                continue  # within a comment, or within CDATA
            if self.open and self.open[-1][1]:
                yield from self._content(end, start)
            position = end = tag.end()
            if tag[2] is not None:
                if tag[1] and tag[2] in _KEYS:
                    self.named = is_secret_name(self.text[self.text.rfind(">", 0, start) + 1 : start].strip())
                yield from self._tag(tag)
                continue
            closing = _CDATA_END if tag[4] else _COMMENT_END
            stop = self.text.find(closing, position)
            stop = len(self.text) if stop < 0 else stop
            if tag[4]:
                yield from self._content(position, stop)
            position = end = min(len(self.text), stop + len(closing))
        yield from self._content(end, len(self.text))

    def _content(self, start: int, end: int) -> Iterator[Span]:
        if self.open and self.open[-1][1]:
            content = self.text[start:end]
            if stripped := content.strip():
                start += len(content) - len(content.lstrip())
                yield start, start + len(stripped)

    def _tag(self, tag: re.Match[str]) -> Iterator[Span]:
        name, attributes = tag[2].rpartition(":")[2], tag[3]
        if tag[1]:
            self._close(name)
            return
        secret = (bool(self.open) and self.open[-1][1]) or is_secret_name(name) or self.named
        self.named = False
        if "=" in attributes:
            found = list(_ATTRIBUTE.finditer(self.text, tag.start(3), tag.end(3)))
            named = any(each[1].lower() in _NAMING and is_secret_name(each[2] or each[3] or "") for each in found)
            for each in found:
                if is_secret_name(own := each[1].rpartition(":")[2]) or (named and own.lower() in _HOLDING):
                    yield each.span(2) if each[2] is not None else each.span(3)
            secret = secret or named
        if not attributes.endswith("/") and name.lower() not in _VOID:
            self.open.append((name, secret))

    def _close(self, name: str) -> None:
        """Close the innermost element of that name and everything left open in it; a stray end tag closes nothing."""
        for depth in range(len(self.open) - 1, max(-1, len(self.open) - 32), -1):
            if self.open[depth][0] == name:
                del self.open[depth:]
                return
