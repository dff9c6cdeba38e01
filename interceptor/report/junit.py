"""JUnit XML, the form in which CI services read test results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""The characters that XML cannot hold: https://www.w3.org/TR/xml/#charsets"""


@dataclass(frozen=True, slots=True)
class JUnitNote:
    """An element in a test case. `kind` is its tag; an output has neither a type nor a message."""

    kind: Literal["failure", "skipped", "system-out"]
    text: str
    message: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class JUnitCase:
    """A test case; it has passed where no note is a failure or a skip."""

    classname: str
    name: str
    notes: tuple[JUnitNote, ...] = ()


@dataclass(frozen=True, slots=True)
class JUnitSuite:
    """Test cases under one name."""

    name: str
    cases: tuple[JUnitCase, ...]

    def count(self, kind: str) -> int:
        """How many cases have a note of this kind."""
        return sum(any(note.kind == kind for note in case.notes) for case in self.cases)


def junit_xml(name: str, suites: Sequence[JUnitSuite]) -> bytes:
    """The suites as a file; `name` is the command's."""
    root = ET.Element("testsuites", name=_xml(name))
    for suite in suites:
        element = ET.SubElement(
            root,
            "testsuite",
            name=_xml(suite.name),
            tests=str(len(suite.cases)),
            failures=str(suite.count("failure")),
            errors="0",
            skipped=str(suite.count("skipped")),
        )
        for case in suite.cases:
            _add_case(element, case)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _add_case(suite: ET.Element, case: JUnitCase) -> None:
    element = ET.SubElement(suite, "testcase", classname=_xml(case.classname), name=_xml(case.name))
    for note in case.notes:
        attributes = {"type": note.type, "message": note.message}
        given = {name: _xml(value) for name, value in attributes.items() if value is not None}
        ET.SubElement(element, note.kind, given).text = _xml(note.text)


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
