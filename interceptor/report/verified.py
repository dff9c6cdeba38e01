"""The result of a verification as text, JSON and JUnit XML."""

from __future__ import annotations

from collections.abc import Iterator

from interceptor.report.junit import JUnitCase, JUnitNote, JUnitSuite, junit_xml
from interceptor.report.lines import counted
from interceptor.values.json_text import Json
from interceptor.verification import Verification, VerifiedInteraction

_INDENT = " " * 9
"""As wide as an outcome and the gap after it."""


def outcome_line(each: VerifiedInteraction) -> str:
    """`failed   Site 1.2.0: a request for product 10, given product 10 exists`."""
    return f"{each.outcome:7}  {_consumer(each)}{_name(each)}"


def reason_lines(each: VerifiedInteraction) -> Iterator[str]:
    """Why an interaction failed, indented below its outcome."""
    for reason in each.reasons:
        for text in reason.splitlines():
            yield f"{_INDENT}{text}"


def verification_total(result: Verification) -> str:
    """`Product API: 3 interactions · 2 ok · 1 failed`."""
    counts = [
        counted(len(result.checked), "interaction"),
        f"{result.count('ok')} ok",
        f"{result.count('failed')} failed",
    ]
    if pending := result.count("pending"):
        counts.append(f"{pending} pending")
    return f"{result.provider}: {' · '.join(counts)}"


def published_line(result: Verification, version: str | None) -> str | None:
    """What became of the result at the broker; None where it was not to be published."""
    if result.published:
        return f"published the result for version {version}"
    if result.unpublished_because is not None:
        return f"cannot publish the result: {result.unpublished_because}"
    return None


def verification_json(result: Verification) -> Json:
    """The same for programs."""
    return {
        "provider": result.provider,
        "success": result.success,
        "published": result.published,
        "interactions": [
            {
                "consumer": each.consumer,
                "version": each.version,
                "given": each.given,
                "description": each.description,
                "outcome": each.outcome,
                "reasons": list(each.reasons),
            }
            for each in result.checked
        ],
        "notices": list(result.notices),
    }


def verification_junit(result: Verification) -> bytes:
    """A case for each interaction; a pending failure is a skipped test."""
    cases = tuple(
        JUnitCase(result.provider, f"{_consumer(each)}{_name(each)}", _notes(each)) for each in result.checked
    )
    return junit_xml("interceptor verify", [JUnitSuite(result.provider, cases)])


def _notes(each: VerifiedInteraction) -> tuple[JUnitNote, ...]:
    if each.outcome == "ok":
        return ()
    first = each.reasons[0] if each.reasons else ""
    return (JUnitNote("failure" if each.outcome == "failed" else "skipped", "\n".join(each.reasons), first),)


def _consumer(each: VerifiedInteraction) -> str:
    if each.consumer is None:
        return ""
    return f"{each.consumer} {each.version}: " if each.version else f"{each.consumer}: "


def _name(each: VerifiedInteraction) -> str:
    return f"{each.description}, given {each.given}" if each.given else each.description
