"""Every golden pact in the hands of the real Pact tools, with the requests and answers that it was made of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import pytest

from interceptor.conversion import convert
from interceptor.journal import JournalWriter
from interceptor.pact.read import Pact, PactInteraction, read_pact
from interceptor.project.config import Project, load_project
from interceptor.proxy.mitm.flow_files import read_flows
from interceptor.recordings import ImportedRecording, open_recording
from interceptor.values.exchange import Exchange
from interceptor.values.media_types import media_type
from interceptor.values.messages import Response
from interceptor.values.place import leaves
from tests.exchanges import known

from .conftest import Answer, verified
from .ruby import ruby_folder, ruby_verified

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
EXAMPLES = sorted((TESTS.parent / "examples").glob("*/msw_generated_pacts/*.json"))
CASES = sorted(folder for folder in (TESTS / "contract" / "cases").iterdir() if folder.is_dir())

OF_THE_CONNECTION = {"connection", "content-encoding", "content-length", "host", "transfer-encoding"}
"""Headers that say how a message was sent; a journal holds what it said."""

# What the tools cannot do with golden pacts, and why. Everything else they must.
NOT_REPLAYED = {
    # One request, two answers: a mock server gives one of them, as the finding of the export foretells.
    ("two answers to one request", "*", "*"),
}
NOT_AS_RECORDED = {
    # Without rules the constants of pinned values match nothing but themselves.
    ("random ids without rules", "*", "*"),
    # Half a character, and an integer of 23 digits.
    ("kinds of bodies", "*", "GET /big *"),
}


NOT_IN_RUBY = {
    # It takes the first element of an array as the example of all.
    ("a product in specification 2", "*", "*"),
    # It reads every body as text.
    ("kinds of bodies", "*", "*"),
    ("traffic of *", "*", "GET /logo *"),
}


@dataclass(frozen=True)
class Golden:
    """A pact, and for each of its interactions the exchanges that it was made of."""

    case: str
    pact: Pact
    origins: tuple[tuple[Exchange, ...], ...]

    def __iter__(self) -> Iterator[tuple[PactInteraction, tuple[Exchange, ...]]]:
        return zip(self.pact.interactions, self.origins, strict=True)


def _specifications(case: Path) -> tuple[int, ...]:
    """All three, unless the case is about one of them."""
    pact = load_project(case / "interceptor.yaml").settings.pact
    return (pact.specification,) if "specification" in pact.model_fields_set else (2, 3, 4)


@pytest.fixture(
    params=[(case, each) for case in CASES for each in _specifications(case)],
    ids=lambda parameter: f"{parameter[0].name}-{parameter[1]}",
)
def goldens(request, tmp_path):
    """The pacts of one case in one specification."""
    case, specification = request.param
    project = load_project(case / "interceptor.yaml")
    (recording,) = case.glob("recording.*")
    written = convert(
        project, [recording], specification=specification, output=tmp_path / "golden", read_flows=read_flows
    ).pacts
    origins = _origins(project, recording, tmp_path)
    found = [Golden(case.name, read_pact(each.path), origins[each.path.name]) for each in written]
    for golden in found:
        assert all(golden.origins)
    return found


def _origins(project: Project, recording: Path, folder: Path) -> dict[str, tuple[tuple[Exchange, ...], ...]]:
    """By pact the exchanges of each interaction: a pact can name tests, so every exchange becomes a test of its own."""
    opened = open_recording(recording, project, read_flows)
    exchanges = list(opened.distinct(set()))
    numbered = folder / "numbered.jsonl"
    with JournalWriter(numbered, consumer=opened.consumer or project.settings.consumer) as journal:
        for number, each in enumerate(exchanges):
            journal.write(known(each, test=str(number)))
    settings = project.settings
    named = settings.model_copy(
        update={
            "record": "all" if isinstance(opened, ImportedRecording) else settings.record,
            "pact": settings.pact.model_copy(update={"comments": True}),
        }
    )
    written = convert(replace(project, settings=named), [numbered], specification=4, output=folder / "numbered").pacts
    return {
        each.path.name: tuple(
            tuple(exchanges[int(number)] for number in interaction["comments"]["text"])
            for interaction in json.loads(each.path.read_text(encoding="utf-8"))["interactions"]
        )
        for each in written
    }


def test_the_verifier_accepts_what_the_mock_server_answers(goldens, mock_servers):
    """So the examples, and what generators make of them, keep to the rules on both sides."""
    for golden in _without(NOT_REPLAYED, goldens):
        mock_servers.require_all(golden.pact.file, partial(_verify, golden.pact.file))


def test_the_mock_server_answers_what_was_asked(goldens, mock_servers):
    for golden in _without(NOT_REPLAYED | NOT_AS_RECORDED, goldens):
        mock_servers.require_all(golden.pact.file, partial(_ask, golden))


def test_the_verifier_accepts_what_was_answered(goldens, api):
    for golden in _without(NOT_AS_RECORDED, goldens):
        answers = [(interaction, exchanges[0].response) for interaction, exchanges in golden]
        api.answer = partial(_next, answers)
        result = verified(golden.pact.file, api.port)
        assert result.returncode == 0, result.stdout
        assert not answers


def test_pact_ruby_accepts_what_was_answered(goldens, api):
    if (library := ruby_folder()) is None:
        pytest.skip("pip does not give pact-ruby here")
    for golden in _without(NOT_AS_RECORDED | NOT_IN_RUBY, goldens):
        if golden.pact.specification.startswith("2"):
            answers = [(interaction, exchanges[0].response) for interaction, exchanges in golden]
            api.answer = partial(_next, answers)
            result = ruby_verified(library, golden.pact.file, api.port)
            assert result.returncode == 0, result.stdout + result.stderr
            assert not answers


def _without(exceptions: set[tuple[str, str, str]], goldens: list[Golden]) -> Iterator[Golden]:
    """The goldens without some interactions; none where nothing is left."""
    for golden in goldens:
        case, version = golden.case, golden.pact.specification[0]
        kept = [
            each.index
            for each, _ in golden
            if not any(all(map(fnmatchcase, (case, version, each.description), patterns)) for patterns in exceptions)
        ]
        if kept:
            written = golden.pact.document["interactions"]
            document = dict(golden.pact.document) | {"interactions": [written[index] for index in kept]}
            golden.pact.file.write_text(json.dumps(document), encoding="utf-8")
            yield Golden(case, read_pact(golden.pact.file), tuple(golden.origins[index] for index in kept))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_pacts_of_the_examples(file, mock_servers):
    mock_servers.require_all(file, partial(_verify, file))


def _verify(file: Path, port: int) -> None:
    result = verified(file, port, states=False)
    assert result.returncode == 0, result.stdout


def _ask(golden: Golden, port: int) -> None:
    """Send all that was recorded, and compare the answers with what was recorded."""
    for interaction, exchanges in golden:
        for exchange in exchanges:
            status, content = _asked(port, exchange)
            assert status == interaction.status, content
            _require_recorded(content, golden, interaction, exchange)


def _asked(port: int, exchange: Exchange) -> tuple[int, bytes]:
    """Send a request as it was recorded; the status and the body of the answer."""
    request = exchange.request
    query = f"?{request.query_string}" if request.query_string else ""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(request.method, f"{exchange.metadata.path}{query}", skip_accept_encoding=True)
        for name, value in request.headers:
            if name not in OF_THE_CONNECTION:
                connection.putheader(name, value)
        connection.putheader("content-length", str(len(request.body)))
        connection.endheaders(request.body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _require_recorded(content: bytes, golden: Golden, interaction: PactInteraction, exchange: Exchange) -> None:
    """The body is the recorded one; in JSON with the constants of what varies, and times where generators make them."""
    response = exchange.response
    assert response is not None
    if not (interaction.response.has_body and media_type(response.header("content-type")).is_json):
        assert content == (response.body if interaction.response.has_body else b"")
        return
    written = golden.pact.document["interactions"][interaction.index]["response"]
    generated = written.get("generators", {}).get("body", {})
    generated = dict(leaves(json.loads(content)))
    example = dict(leaves(interaction.response.body))
    assert generated.keys() == example.keys()
    assert {place for place in generated if generated[place] != example[place]} <= generated.keys()


def _next(answers: list[tuple[PactInteraction, Response]], method: str, target: str, *_: object) -> Answer:
    """The recorded answer to the next interaction; the verifier asks for them in the order of the file."""
    if target == "/states":
        return 200, "application/json", b"{}", {}
    interaction, response = answers.pop(0)
    assert method == interaction.method
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        if name not in OF_THE_CONNECTION:
            headers.setdefault(name, []).append(value)
    # The tools compare it letter by letter; a pact holds the one normal form of `Application/JSON; charset=UTF-8`.
    headers |= {name: values for name, values in interaction.response.headers.items() if name == "content-type"}
    return response.status, None, response.body, headers
