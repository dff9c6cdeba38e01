"""`interceptor check`: pacts against the providers' OpenAPI documents."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import Context, say
from interceptor.cli.options import AsJson, write_output
from interceptor.project.config import load_project
from interceptor.values.errors import UsageError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from interceptor.check import CheckedPact
    from interceptor.values.findings import Finding


def check(
    ctx: typer.Context,
    pacts: Annotated[
        list[Path] | None,
        typer.Argument(help="Pact files. Default: those of the project.", metavar="PACT", show_default=False),
    ] = None,
    openapi: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The provider's OpenAPI document or its URL. Default: the project file's."),
    ] = None,
    servers: Annotated[
        bool, typer.Option("--servers", help="The pacts' paths are below those of OpenAPI 3's `servers`.")
    ] = False,
    refs: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="References of the documents may lead into this folder too; may be repeated.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    github: Annotated[bool, typer.Option("--github", help="Print annotations for GitHub Actions.")] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the result as JUnit's XML.", dir_okay=False)
    ] = None,
) -> None:
    """Compare pacts with the OpenAPI documents of their providers, offline, as PactFlow does.

    Every finding names the interaction, the places in pact and document, and the handler. Errors make the exit code 1.
    """
    from interceptor.check import check as check_pacts

    context: Context = ctx.obj
    alone = pacts and openapi and not context.config.exists()
    project = None if alone else load_project(context.config)
    files = pacts or (sorted(project.pact_dir.glob("*.json")) if project else [])
    if not files:
        raise UsageError("there is no pact to check", "write one: interceptor run -- COMMAND")
    checked = check_pacts(files, project, openapi=openapi, servers=servers, refs=refs or [])
    for provider in checked.without_document:
        say(f"no OpenAPI document of {provider} is known: its pact is not checked")
    if not checked.pacts:
        raise UsageError(
            "there is no OpenAPI document to check against",
            "name it in interceptor.yaml (providers: NAME: openapi: FILE), or with --openapi",
        )
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in checked.findings], indent=2, ensure_ascii=False))
    elif github:
        for finding in checked.findings:
            typer.echo(_annotation(finding, checked))
    else:
        for finding in checked.findings:
            typer.echo(_described(finding, checked))
        typer.echo(f"interceptor  {_total(checked)}")
    if junit is not None:
        _write_junit(junit, checked)
    if not checked.is_compatible:
        raise typer.Exit(1)


def _described(finding: Finding, checked: CheckedPact) -> str:
    lines = [f"{finding.type:7}  {finding.message}  [{finding.code}]"]
    if finding.pact:
        where = [finding.pact, _interaction(finding, checked), finding.place]
        lines.append(f"  pact      {', '.join(each for each in where if each)}")
    if finding.document_place:
        lines.append(f"  document  {finding.document_place}")
    if finding.handler:
        lines.append(f"  handler   {finding.handler}")
    return "\n".join([*lines, ""])


def _interaction(finding: Finding, checked: CheckedPact) -> str | None:
    if finding.pact is None or finding.interaction is None:
        return None
    written = checked.pacts[finding.pact].document["interactions"][finding.interaction]
    return f'interaction {finding.interaction} "{written["description"]}"'


def _total(checked: CheckedPact) -> str:
    compared = sum(len(pact.interactions) for pact in checked.pacts.values())
    counts = [f"{compared} interaction{'' if compared == 1 else 's'} compared"]
    for kind in ("error", "warning"):
        count = sum(finding.type == kind for finding in checked.findings)
        counts.append(f"{count} {kind}{'' if count == 1 else 's'}")
    return " · ".join(counts)


def _annotation(finding: Finding, checked: CheckedPact) -> str:
    """A line that GitHub shows at the handler, or at the pact where no handler is known."""
    file, _, line = (finding.handler or "").rpartition(":")
    if not file and finding.pact:
        file = os.path.relpath(checked.pacts[finding.pact].file)
    elif not file:
        file = (finding.document_place or "").partition("#")[0]
    properties = {"file": file, "line": line, "title": finding.code}
    written = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items() if value)
    places = [each for each in (_interaction(finding, checked), finding.place, finding.document_place) if each]
    return f"::{finding.type} {written}::{_escaped(' - '.join([finding.message, *places]))}"


def _escaped(text: str, also: str = "") -> str:
    """https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions"""
    for character in f"%\r\n{also}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _write_junit(file: Path, checked: CheckedPact) -> None:
    from xml.etree.ElementTree import Element, SubElement, tostring

    root = Element("testsuites", name="interceptor check")
    for name, pact in checked.pacts.items():
        suite = SubElement(root, "testsuite", name=_printable(f"{pact.consumer} - {pact.provider}"))
        for interaction in pact.interactions:
            case = SubElement(suite, "testcase", classname=name, name=_printable(interaction.description))
            about = [each for each in checked.findings if (each.pact, each.interaction) == (name, interaction.index)]
            _add_findings(case, about)
        _count(suite)
    about_documents = [finding for finding in checked.findings if finding.pact is None]
    if about_documents:
        suite = SubElement(root, "testsuite", name="documents")
        _add_findings(
            SubElement(suite, "testcase", classname="documents", name="references and schemas"), about_documents
        )
        _count(suite)
    write_output(file, tostring(root, encoding="utf-8", xml_declaration=True))


def _add_findings(case: Element, findings: list[Finding]) -> None:
    from xml.etree.ElementTree import SubElement

    for finding in findings:
        places = [each for each in (finding.place, finding.document_place, finding.handler) if each]
        text = _printable("\n".join([finding.message, *places]))
        if finding.type == "error":
            SubElement(case, "failure", type=finding.code, message=_printable(finding.message)).text = text
        else:
            SubElement(case, "system-out").text = f"{finding.code}: {text}"


def _printable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(len(suite.findall("testcase[failure]"))))
