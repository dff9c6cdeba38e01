"""Options that several commands share, and their defaults."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from interceptor.cli.context import Context, say
from interceptor.report.lines import counted
from interceptor.values.errors import PactError, UsageError

if TYPE_CHECKING:
    from interceptor.broker import VersionChoice
    from interceptor.pact.read import Pact

PactPaths: TypeAlias = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PACT", help="Pact files or folders. Default: the project's.", show_default=False),
]
PactFiles: TypeAlias = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PACT", help="Pact files. Default: those of the project.", show_default=False),
]
Words: TypeAlias = Annotated[list[str], typer.Argument(metavar="COMMAND", help="The command and its arguments.")]
ProxyPort: TypeAlias = Annotated[
    int | None, typer.Option(min=1, max=65535, help="The proxy's port. Default: a free one.")
]
Retries: TypeAlias = Annotated[
    int,
    typer.Option(
        metavar="N", min=0, envvar="PACT_BROKER_HTTP_RETRIES", help="How often to try again when the broker fails."
    ),
]
Timeout: TypeAlias = Annotated[
    float,
    typer.Option(
        "--timeout", metavar="S", min=0.1, envvar="INTERCEPTOR_BROKER_TIMEOUT", help="Seconds to wait for the broker."
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Participant: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Consumer or provider. Default: the project's consumer.")
]
Version: TypeAlias = Annotated[str | None, typer.Option(metavar="V", help="The version. Default: the git commit.")]
Branch: TypeAlias = Annotated[
    str | None, typer.Option(metavar="B", help="Instead of a version: the latest one of a branch.")
]
MainBranch: TypeAlias = Annotated[
    bool, typer.Option("--main-branch", help="Instead of a version: the latest one of the main branch.")
]
Tag: TypeAlias = Annotated[
    str | None, typer.Option(metavar="T", help="Instead of a version: the latest one with a tag.")
]
Recordings: TypeAlias = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Journals, HAR files or mitmproxy flow files. Default: the journal of the latest run.",
        metavar="RECORDING",
        show_default=False,
    ),
]
ReportFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Also write the report, an HTML page.", dir_okay=False),
]
Environment: TypeAlias = Annotated[str, typer.Option(metavar="E", help="The environment, for example production.")]
BranchOfVersion: TypeAlias = Annotated[
    str | None, typer.Option(metavar="B", help="Branch of the version. Default: the one CI or git gives.")
]
Tags: TypeAlias = Annotated[list[str] | None, typer.Option(metavar="T", help="Tag for the version; may be repeated.")]
RETRIES = 2
"""The client's default, 8, takes two minutes to report an unreachable broker."""
SECONDS = 60.0


def participant_or_consumer(context: Context, given: str | None) -> str:
    """The name that was given, else the project's consumer.

    Raises:
        UsageError: there is no project here.
    """
    if given is not None:
        return given
    from interceptor.project.config import load_project

    if not context.config.exists():
        raise UsageError(f"cannot tell the consumer: there is no {context.config} here", "name it with --participant")
    return load_project(context.config).settings.consumer


def participant_and_version(context: Context, participant: str | None, version: str | None) -> tuple[str, str]:
    """The names that were given, else the project's consumer and the git commit.

    Raises:
        UsageError: either cannot be told, or is one that the client cannot be asked about.
    """
    return participant_or_consumer(context, participant), version_or_commit(context, version)


def version_choice(
    version: str | None, branch: str | None, tag: str | None, *, main_branch: bool
) -> VersionChoice | None:
    """What the options choose; None where they say nothing.

    Raises:
        UsageError: they say more than one thing, or something that the client takes for an option.
    """
    from interceptor.broker import VersionChoice

    given = [each for each in (version, branch, tag) if each is not None]
    if len(given) + main_branch > 1:
        raise UsageError("--version, --branch, --main-branch and --tag do not go together", "give one of them")
    if given and given[0].startswith("-"):
        raise UsageError(f'the version "{given[0]}" begins with a dash', "name another version")
    return VersionChoice(version, branch, main_branch, tag) if given or main_branch else None


def version_or_commit(context: Context, given: str | None) -> str:
    """The version that was given, else the git commit.

    Raises:
        UsageError: there is no commit, or the version is one that the client cannot be asked about.
    """
    from interceptor.broker.revision import detect

    version = given or detect(root(context), os.environ).version
    if version is None:
        raise UsageError("no version is known: this is not a git repository with a commit", "name it with --version")
    if version.startswith("-"):
        raise UsageError(
            f'the version "{version}" begins with a dash, which the broker\'s client reads as an option',
            "name another version",
        )
    return version


def chosen_pacts(context: Context, paths: Iterable[Path] | None) -> list[Pact]:
    """The pacts in files and folders, else those of the project.

    Raises:
        PactError: there are none, or one cannot be read.
    """
    from interceptor.pact.read import read_pact

    return [read_pact(path) for path in (pact_files(paths) if paths else pacts_of_project(context))]


def pacts_of_project(context: Context) -> list[Path]:
    """The files of the project's pacts.

    Raises:
        PactError: there are none.
    """
    from interceptor.project.config import load_project

    project = load_project(context.config)
    paths = sorted(project.pact_dir.glob("*.json"))
    if not paths:
        raise PactError(f"there are no pacts in {project.pact_dir.name}", "write some: interceptor run -- COMMAND")
    return paths


def pact_files(paths: Iterable[Path]) -> list[Path]:
    """Files as they are, and the `*.json` of folders.

    Raises:
        PactError: a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise PactError(f"there are no pacts in {path}", "name another folder, or a file")
        found += inside
    return found


def say_passed_over(pacts: Iterable[Pact]) -> None:
    """Say what pacts hold that is not looked at: `Site-Orders.json: 1 message is passed over`."""
    for pact in pacts:
        for kind in dict.fromkeys(pact.passed_over):
            count = pact.passed_over.count(kind)
            say(f"{pact.file.name}: {counted(count, kind)} {'is' if count == 1 else 'are'} passed over")


def write_output(file: Path, content: bytes) -> None:
    """Write a file that an option names, and its folder.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}", "name another file") from error


def append_output(file: Path, content: bytes) -> None:
    """Add to a file that the environment names.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        with file.open("ab") as opened:
            opened.write(content)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}", "check the variable that names it") from error


def root(context: Context) -> Path:
    """The folder of the project, or where it would be."""
    return context.config.resolve().parent
