"""XML bodies: what XPaths lead to, and equality that ignores layout.

lxml parses them, hardened: entities are not expanded, a document that declares some is refused, nothing is fetched.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interceptor.matching.mismatches import NONE, MatcherError, Mismatch, SpecPath, display
from interceptor.matching.values import compile_nodes
from interceptor.values.media_types import media_type
from interceptor.values.messages import Request

if TYPE_CHECKING:
    from lxml.etree import _Element

_EQUAL, _NAMESPACES = "equal", "namespaces"


class NotXmlError(ValueError):
    """A body that is no XML, or none that is read here."""


def xml_check(spec: Mapping[str, Any], path: SpecPath) -> Callable[[Request], Sequence[Mismatch]]:
    """The check of a body against XPaths, and against a document under `equal`.

    Raises:
        MatcherError: for an XPath, a prefix or a document that makes no sense.
    """
    namespaces = _namespaces(spec.get(_NAMESPACES, {}), (*path, _NAMESPACES))
    checks: list[Callable[[_Element], Sequence[Mismatch]]] = [
        _xpath_check(text, matcher, namespaces, (*path, text))
        for text, matcher in spec.items()
        if text not in {_EQUAL, _NAMESPACES}
    ]
    if _EQUAL in spec:
        checks.append(_equality_check(spec[_EQUAL], (*path, _EQUAL)))
    if not checks:
        raise MatcherError("xml needs an XPath, or equal with a document", path)

    def check(request: Request) -> Sequence[Mismatch]:
        try:
            root = parse_xml(request.body, request.header("content-type"))
        except NotXmlError as error:
            return (Mismatch("body", "XML", f"{display(request.text)} ({error})" if request.body else "nothing"),)
        return [mismatch for each in checks for mismatch in each(root)]

    return check


def parse_xml(body: bytes, content_type: str | None = None) -> _Element:
    """The root of a document.

    Raises:
        NotXmlError: where it is none, or declares entities.
    """
    from lxml import etree  # noqa: PLC0415  # seldom needed

    charset = media_type(content_type).parameters.get("charset")
    try:
        parser = etree.XMLParser(
            encoding=charset,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        raise NotXmlError(str(error)) from error
    if root is None:
        raise NotXmlError("it is empty")
    declared: Any = root.getroottree().docinfo.internalDTD
    if declared is not None and next(iter(declared.iterentities()), None) is not None:
        raise NotXmlError("it declares entities, which are not read")
    return root


def _namespaces(spec: Any, path: SpecPath) -> dict[str, str]:
    if not isinstance(spec, Mapping) or not all(isinstance(uri, str) and uri for uri in spec.values()):
        raise MatcherError("namespaces takes a mapping of prefixes to URIs", path)
    if "" in spec:
        raise MatcherError("XPath knows no default namespace: give it a prefix, and use that in the paths", path)
    return dict(spec)


def _xpath_check(
    text: str, matcher: Any, namespaces: Mapping[str, str], path: SpecPath
) -> Callable[[_Element], Sequence[Mismatch]]:
    from lxml import etree  # noqa: PLC0415  # seldom needed

    try:
        find = etree.XPath(text, namespaces=dict(namespaces))
        find(etree.Element("x"))  # only here an unknown prefix or function is found
    except etree.XPathError as error:
        hint = "; declare it under namespaces" if "prefix" in str(error) else ""
        raise MatcherError(f'"{text}" is not an XPath: {error}{hint}', path) from error
    test, expected, part = compile_nodes(matcher, path), display(matcher), f"xml {text}"

    def check(root: _Element) -> Sequence[Mismatch]:
        try:
            found = _texts(find(root))
        except etree.XPathError as error:
            return (Mismatch(part, expected, f"no value ({error})"),)
        if test(found):
            return NONE
        return (Mismatch(part, expected, display(found[0] if len(found) == 1 else found) if found else "nothing"),)

    return check


def _texts(found: Any) -> list[str]:
    """What an XPath leads to as texts: elements as the text within them, numbers and truth as XPath writes them."""
    match found:
        case bool():
            return ["true" if found else "false"]
        case float():
            return [str(int(found)) if math.isfinite(found) and found == int(found) else str(found)]
        case list():
            return [each.strip() if isinstance(each, str) else "".join(each.itertext()).strip() for each in found]
    return [str(found).strip()]


def _equality_check(document: Any, path: SpecPath) -> Callable[[_Element], Sequence[Mismatch]]:
    try:
        wanted = parse_xml(str(document).encode(), "application/xml; charset=utf-8")
    except NotXmlError as error:
        raise MatcherError(f"not XML: {error}", path) from error
    return lambda root: list(_differences(wanted, root, ""))[:1]


def _differences(wanted: _Element, got: _Element, above: str) -> Iterator[Mismatch]:
    """Where two elements differ, but for space around text, comments and the names of prefixes."""
    place = f"{above}/{_local(wanted)}"
    if wanted.tag != got.tag:
        yield Mismatch(f"xml {above or '/'}", f"<{wanted.tag}>", f"<{got.tag}>")
        return
    for name in sorted({*map(str, wanted.attrib), *map(str, got.attrib)}):
        if wanted.get(name) != got.get(name):
            expected, found = (
                "nothing" if value is None else display(value) for value in (wanted.get(name), got.get(name))
            )
            yield Mismatch(f"xml {place}/@{name}", expected, found)
    if len(wanted) != len(got):
        yield Mismatch(f"xml {place}", f"{len(wanted)} elements", str(len(got)))
        return
    if _own_texts(wanted) != _own_texts(got):
        yield Mismatch(
            f"xml {place}", display(" ".join(_own_texts(wanted)).strip()), display(" ".join(_own_texts(got)).strip())
        )
    for one, other in zip(wanted, got, strict=True):
        yield from _differences(one, other, place)


def _own_texts(element: _Element) -> list[str]:
    """The texts before, between and after the elements within this one."""
    return [(text or "").strip() for text in (element.text, *(each.tail for each in element))]


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]
