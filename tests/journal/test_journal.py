"""The journal: what is written is read, and a killed run costs next to nothing."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.journal import JournalWriter, latest_recording, new_recording, read_journal
from interceptor.values.errors import RecordingError
from interceptor.values.exchange import Exchange, Metadata, Outcome, ProviderState
from interceptor.values.messages import Request, Response
from tests.exchanges import exchange, project

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
OPTIONAL = st.none() | TEXT
HEADERS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
VALUES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT | st.lists(TEXT, max_size=2)
PARAMETERS = st.dictionaries(TEXT, VALUES, max_size=2)
EXCHANGES = st.builds(
    Exchange,
    request=st.builds(Request, TEXT, TEXT, HEADERS, st.binary(max_size=20) | TEXT.map(str.encode)),
    response=st.none() | st.builds(Response, st.integers(100, 599), HEADERS, st.binary(max_size=20)),
    outcome=st.sampled_from(Outcome),
    at=TEXT,
    ms=st.floats(0, 1e6),
    metadata=st.builds(
        Metadata,
        provider=OPTIONAL,
        handler=OPTIONAL,
        entry=st.none() | st.integers(0, 9),
        name=OPTIONAL,
        states=st.lists(st.builds(ProviderState, TEXT, PARAMETERS), max_size=2).map(tuple),
        test=OPTIONAL,
        scope=OPTIONAL,
        path=OPTIONAL,
        rules=st.dictionaries(st.sampled_from(["request", "response"]), PARAMETERS),
        named=TEXTS,
        generated=TEXTS,
        literal=TEXTS,
        record=st.booleans(),
    ),
    masked=TEXTS,
)


@pytest.mark.slow
@given(st.lists(EXCHANGES, max_size=4))
def test_what_is_written_is_read(tmp_path_factory, exchanges):
    path = tmp_path_factory.mktemp("journal") / "run.jsonl"
    with JournalWriter(path, consumer="Käufer") as writer:
        for each in exchanges:
            writer.write(each)
    recording = read_journal(path)
    assert recording.header.consumer == "Käufer"
    counts = [0] * len(exchanges)
    timeless = [replace(each, at="", ms=0.0) for each in exchanges]
    for each in timeless:
        counts[timeless.index(each)] += 1
    expected = [replace(each, count=count) for each, count in zip(exchanges, counts, strict=True) if count]
    assert list(recording) == expected
    assert recording.damages == []


def test_the_form_of_a_line(tmp_path):
    path = tmp_path / "run.jsonl"
    with JournalWriter(
        path, consumer="Product Site", started="2026-11-21T20:46:03.120Z", tool="1.0.0", run="r"
    ) as writer:
        writer.write(exchange("GET /logo?a=1", b"\xff", handler="handlers/a.yaml:12", entry=0, record=False))
    header, line = map(json.loads, path.read_text().splitlines())
    assert header == {
        "interceptor": "journal",
        "version": 1,
        "run": "r",
        "consumer": "Product Site",
        "started": "2026-11-21T20:46:03.120Z",
        "tool": "1.0.0",
    }
    assert line == {
        "at": "2026-11-21T20:46:04.001Z",
        "ms": 0.4,
        "provider": "Product API",
        "outcome": "mocked",
        "handler": "handlers/a.yaml:12",
        "entry": 0,
        "request": {
            "method": "GET",
            "url": "https://api.example.com/v1/logo?a=1",
            "path": "/logo",
            "headers": [],
            "body": None,
        },
        "response": {"status": 200, "headers": [], "body": {"base64": "/w=="}},
        "record": False,
    }


def test_the_keys_of_a_line_that_says_all(tmp_path):
    path = tmp_path / "run.jsonl"
    facts = {
        "handler": "handlers/a.yaml:12",
        "entry": 0,
        "name": "it asks",
        "states": ["there is one"],
        "test": "t",
        "scope": "gw0",
        "rules": {"response": {"$.big": {"value": 10**30}, "$.small": 1e-7, "$.large": 1e22}},
        "named": ["request.headers.x-id"],
        "generated": ["response.$.id"],
        "literal": ["10"],
        "record": False,
    }
    with JournalWriter(path, consumer="Product Site") as writer:
        writer.write(exchange("GET /a", {"id": 1}, masked=("request.headers.x-key",), **facts))
    line = json.loads(path.read_text().splitlines()[1])
    before = "at ms provider outcome handler entry name states test scope"
    after = "rules named made literal masked record"
    assert " ".join(line) == f"{before} request response {after}"
    assert line["states"] == [{"name": "there is one"}]
    (read,) = read_journal(path)
    assert read.metadata.rules == facts["rules"]
    assert read.metadata.further_handlers == ()


def test_repeats_are_counted_once_per_test(tmp_path):
    path = tmp_path / "run.jsonl"
    with JournalWriter(path, consumer="C") as writer:
        for test, times in (("one", 5), ("two", 3)):
            for _ in range(times):
                writer.write(exchange("GET /a", test=test))
        writer.write(exchange("GET /b"))
    assert [(each.metadata.test, each.count) for each in read_journal(path)] == [("one", 5), ("two", 3), (None, 1)]
    assert sum(b'"request"' in line for line in path.read_bytes().splitlines()) == 3


def test_repeats_cost_little_and_are_known_before_the_end(tmp_path):
    writer = JournalWriter(tmp_path / "run.jsonl", consumer="C")
    for number in range(1000):
        writer.write(exchange("GET /a"))
        if number % 100 == 99:
            writer.flush()
            (so_far,) = read_journal(writer.path)
            assert so_far.count == number + 1
    assert len(writer.path.read_bytes().splitlines()) < 20
    writer.close()
    (all_of_them,) = read_journal(writer.path)
    assert all_of_them.count == 1000


def test_an_exchange_is_in_the_file_a_tenth_of_a_second_later(tmp_path):
    with JournalWriter(tmp_path / "run.jsonl", consumer="C") as writer:
        writer.write(exchange("GET /a"))
        deadline = time.monotonic() + 5
        while not list(read_journal(writer.path)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert time.monotonic() < deadline


KILLED = """
import os, signal, sys, time
from pathlib import Path
from tests.exchanges import exchange
from interceptor.journal import JournalWriter
writer = JournalWriter(Path(sys.argv[1]), consumer="C")
for number in range(100):
    writer.write(exchange(f"GET /{number}"))
time.sleep(1)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_a_killed_process_keeps_what_it_wrote(tmp_path):
    path = tmp_path / "run.jsonl"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run([sys.executable, "-c", KILLED, path], env=environment, timeout=30, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(read_journal(path))) == 100


def test_a_journal_cut_anywhere_is_read_as_far_as_it_goes(tmp_path):
    path, cut = tmp_path / "run.jsonl", tmp_path / "cut.jsonl"
    with JournalWriter(path, consumer="C") as writer:
        for number in (1, 2, 2, 3):
            writer.write(exchange(f"GET /{number}", {"number": number}))
    content = path.read_bytes()
    complete = 0
    for length in range(len(content) + 1):
        cut.write_bytes(content[:length])
        recording = read_journal(cut)
        read = [each.metadata.path for each in recording]
        assert read == ["/1", "/2", "/3"][: len(read)]
        assert len(read) >= complete
        complete = len(read)
        assert len(recording.damages) <= 1
        assert all(damage.type == "warning" for damage in recording.damages)
    assert complete == 3


ODD_BODY = """
{"at":"","ms":0,"outcome":"mocked","response":null,"request":{"method":"G","url":"u","headers":[],"body":{"base64":"!"}}}
""".strip()

# (what stands in the place of a line, a word of the complaint)
DAMAGES = [
    ("nonsense", "JSON"),
    ("[1]", "object"),
    ('{"at": 1}', "at"),
    ('{"repeats": "x", "more": 1}', None),
    ('{"at":"","ms":0,"outcome":"odd","request":{"method":"G","url":"u","headers":[]},"response":null}', "outcome"),
    (
        '{"at":"","ms":0,"outcome":"mocked","request":{"method":"G","url":"u","headers":[["a"]]},"response":null}',
        "headers",
    ),
    (ODD_BODY, "body"),
    (ODD_BODY.replace('{"base64":"!"}', '{"size":1}'), "request.body"),
    (ODD_BODY.replace('"url":"u"', '"url":"\\ud800"'), "JSON"),
    (ODD_BODY.replace('"url":"u"', '"url":1'), "request.url"),
]


@pytest.mark.parametrize(("line", "word"), DAMAGES)
def test_a_damaged_line_costs_no_other(tmp_path, line, word):
    path = tmp_path / "run.jsonl"
    with JournalWriter(path, consumer="C") as writer:
        writer.write(exchange("GET /1"))
        writer.write(exchange("GET /2"))
    header, first, second = path.read_text().splitlines()
    path.write_text(f"{header}\n{first}\n{line}\n\n{second}\n")
    recording = read_journal(path)
    assert [each.metadata.path for each in recording] == ["/1", "/2"]
    if word is None:
        assert recording.damages == []
    else:
        (damage,) = recording.damages
        assert (damage.file, damage.line, damage.type) == (path, 3, "error")
        assert word in damage.message


# (first line, a word of the complaint)
FOREIGN = [
    ('{"interceptor":"journal","version":2,"run":"r","tool":"9.0"}\n', "version 2"),
    ('{"log": {}}\n', "not a journal"),
    ("hello\n", "not a journal"),
    ("hello", "not a journal"),
    ("[]\n", "not a journal"),
]


@pytest.mark.parametrize(("content", "word"), FOREIGN)
def test_another_file_is_refused(tmp_path, content, word):
    path = tmp_path / "run.jsonl"
    path.write_text(content)
    with pytest.raises(RecordingError, match=word):
        read_journal(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="cannot read"):
        read_journal(tmp_path / "none.jsonl")


def test_two_runs_never_share_a_journal(tmp_path):
    JournalWriter(tmp_path / "run.jsonl", consumer="C").close()
    with pytest.raises(RecordingError, match="File exists"):
        JournalWriter(tmp_path / "run.jsonl", consumer="C")


def test_a_new_recording_is_the_latest_and_git_ignores_it(tmp_path):
    here = project(tmp_path)
    assert latest_recording(here.recordings) is None
    older, newer = here.recordings / "2026-11-21T20-46-03Z-ffff.jsonl", new_recording(here.recordings)
    for path in (newer, older):
        JournalWriter(path, consumer="C").close()
    assert latest_recording(here.recordings) == newer
    assert (here.state_dir / ".gitignore").read_text() == "*\n"
    assert read_journal(newer).header.run == newer.stem


def test_a_run_after_the_clock_was_set_back_is_the_latest(tmp_path):
    here = project(tmp_path)
    before = here.recordings / "2999-11-21T20-46-03Z-ffff.jsonl"
    JournalWriter(before, consumer="C").close()
    after = new_recording(here.recordings)
    JournalWriter(after, consumer="C").close()
    assert latest_recording(here.recordings) == after


def test_the_latest_run_is_told_by_the_header_and_not_by_the_name(tmp_path):
    here = project(tmp_path)
    older, newer = (here.recordings / f"2026-11-2{day}T20-46-03Z-ffff.jsonl" for day in (1, 2))
    for path in (newer, older):
        JournalWriter(path, consumer="C").close()
    older = older.rename(older.with_name("kept.jsonl"))
    assert latest_recording(here.recordings) == newer


def test_odd_texts_are_written_as_far_as_utf8_goes(tmp_path):
    path = tmp_path / "run.jsonl"
    with JournalWriter(path, consumer="C") as writer:
        writer.write(exchange("GET /a", headers={"x-odd": "\udcff"}, rules={"response": {"$.a": 10**30}}))
    (read,) = read_journal(path)
    assert read.request.header("x-odd") == "?"


@pytest.mark.parametrize("spelt", [{}, {"separators": (",", ":")}])
@pytest.mark.parametrize("last", [True, False])
def test_what_differs_in_its_time_and_test_only_is_one(tmp_path, spelt, last):
    request = {"method": "GET", "url": "https://a.test/a", "path": "/a", "headers": [], "body": None}
    both = {"outcome": "failed", "request": request, "response": None}
    lines = [{"interceptor": "journal", "version": 1}]
    for number in range(3):
        own = {"at": f"2026-11-21T20:46:0{number}.001Z", "ms": number, "test": f"test {number}", "scope": f"{number}"}
        lines.append(both | own if last else own | both)
    path = tmp_path / "run.jsonl"
    path.write_text("\n".join(json.dumps(line, **spelt) for line in lines) + "\n")
    assert len(list(read_journal(path).distinct(set(), by_test=True))) == 3
    assert len(list(read_journal(path).distinct(set()))) == 1


def test_a_journal_that_cannot_be_begun_is_refused(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(RecordingError, match="cannot write the journal"):
            JournalWriter(tmp_path / "run.jsonl", consumer="Site")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
