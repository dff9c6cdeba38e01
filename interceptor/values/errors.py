"""What can go wrong, as one tree.

    InterceptorError            exit code 1   a problem the user must look at
    ├── UsageError              exit code 2   wrong arguments or environment
    ├── ConfigurationError      exit code 2   located problems in the project's files, all of them at once
    ├── RecordingError          exit code 2   a journal or another recording that cannot be read at all
    ├── DocumentError           exit code 2   an OpenAPI document that is missing, broken or not supported
    ├── PactError               exit code 1   a pact that cannot be written or published
    ├── BrokerError             exit code 1   the broker, or the client that talks to it, refused
    ├── VerificationError       exit code 1   a provider that cannot be asked, or a verifier that cannot be run
    ├── CommandNotRunnableError exit code 126 the command of `run` exists and cannot be run
    └── CommandNotFoundError    exit code 127 the command of `run` does not exist

Library code raises these; only `interceptor.cli` prints them and turns them into exit codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal


class InterceptorError(Exception):
    """The act and the thing that failed (`message`), and what to do about it (`hint`)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(InterceptorError):
    """Arguments, environment or files that do not fit together."""

    exit_code = 2


class RecordingError(InterceptorError):
    """A recording that cannot be read at all; single damaged lines are findings instead."""

    exit_code = 2


class DocumentError(InterceptorError):
    """An OpenAPI document that is missing, broken or of a version not known here."""

    exit_code = 2


class PactError(InterceptorError):
    """A pact that cannot be written or published."""


class BrokerError(InterceptorError):
    """The broker, or the client that talks to it, refused or did not answer."""


class VerificationError(InterceptorError):
    """The provider cannot be asked, or the verifier came to no result."""


class CommandNotRunnableError(InterceptorError):
    """The command of `run` exists, but the system will not run it; the exit code is a shell's."""

    exit_code = 126


class CommandNotFoundError(InterceptorError):
    """The command of `run` does not exist; the exit code is a shell's."""

    exit_code = 127


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One located complaint about a file of the project.

    `line` and `column` count from 1; `paste` is the corrected line, ready to be pasted over the wrong one.
    """

    file: str
    line: int
    column: int
    message: str
    paste: str | None = None
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        kind = "" if self.severity == "error" else "warning: "
        text = f"{self.file}:{self.line}:{self.column}: {kind}{self.message}"
        return text if self.paste is None else f"{text}\n    {self.paste}"


class ConfigurationError(InterceptorError):
    """Every problem found in the project file and the handler files, in the order of the files."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda p: (p.file, p.line, p.column))
        super().__init__("\n".join(map(str, self.problems)))
