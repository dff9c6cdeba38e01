"""From recordings to pacts: the same tests give the same bytes, and one bad exchange never costs another."""

from __future__ import annotations

import json
import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interceptor.conversion import convert
from interceptor.values.errors import PactError, RecordingError
from interceptor.values.exchange import Exchange, Metadata, Outcome, ProviderState
from interceptor.values.messages import Request, Response
from tests.exchanges import BASE_URL, exchange, journal, known, project


@pytest.fixture
def here(tmp_path):
    return project(tmp_path)


def pact(here, name="Product Site-Product API"):
    return json.loads((here.pact_dir / f"{name}.json").read_text(encoding="utf-8"))


def descriptions(document):
    return [each["description"] for each in document["interactions"]]


def a_run(at, rng):
    """What a suite does, in this run's order, with this run's time and random ids."""
    exchanges = []
    for number in range(3):
        order = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        moment = (at + timedelta(milliseconds=rng.randrange(1000))).isoformat(timespec="milliseconds")
        generated = ["response.$.id", "response.$.at", "response.$.expires", "response.headers.location"]
        stamp = {"at": moment.replace("+00:00", "Z"), "test": f"test {number}", "scope": f"gw{rng.randrange(4)}"}
        answer = {"id": order, "at": moment, "expires": int(at.timestamp()) + 3600, "number": number % 2}
        exchanges.append(
            exchange(
                "POST /orders",
                answer,
                body={"reference": order},
                status=201,
                response_headers={"location": f"/orders/{order}"},
                named=["response.headers.location"],
                generated=generated,
                handler="handlers/orders.yaml:3",
                **stamp,
            )
        )
        exchanges.append(
            exchange(f"GET /orders/{order}", {"id": order}, generated=["response.$.id"], name=f"order {order}", **stamp)
        )
    exchanges += [exchange(f"GET /products/{number}", {"id": number}) for number in range(5)]
    rng.shuffle(exchanges)
    return exchanges


def test_the_same_tests_give_the_same_bytes(tmp_path):
    here = project(tmp_path)
    results = set()
    for seed in range(8):
        rng = random.Random(seed)
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(10**8))
        exchanges = a_run(at, rng)
        shards = rng.randrange(1, 4)
        paths = [
            journal(tmp_path / f"{seed}-{shard}.jsonl", exchanges[shard::shards])
            for shard in rng.sample(range(shards), shards)
        ]
        (written,) = convert(here, paths).pacts
        results.add(written.path.read_bytes())
    assert len(results) == 1
    assert len(json.loads(results.pop())["interactions"]) == 8


def _by_the_clock(start, pause, offset, digits):
    """What a suite does that says the time in many forms; with pauses, in a time zone, on a clock of some digits."""
    zone = timezone(timedelta(hours=offset))
    exchanges = []

    def now(ahead=0):
        moment = (start + timedelta(seconds=pause * len(exchanges) + ahead)).astimezone(zone)
        return moment, int(moment.timestamp()), moment.isoformat(timespec="seconds")

    def iso(moment):
        fraction = moment.strftime("%f")[:digits].rstrip("0") if digits == 6 else moment.strftime("%f")[:digits]
        written = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"{written[:19]}.{fraction}{written[19:]}"

    def note(line, *arguments, **more):
        moment = start + timedelta(seconds=pause * len(exchanges))
        at = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        exchanges.append(exchange(line, *arguments, at=at, generated=["response.$"], **more))

    moment, seconds, _ = now()
    note(f"GET /events?since={seconds}", {"at": iso(moment), "until": now(3600)[1]})
    moment, seconds, text = now()
    note("POST /orders", {"at": iso(moment), "expires": now(3600)[1]}, body={"ms": seconds * 1000 + 7, "at": text})
    moment, seconds, text = now()
    form = {"content-type": "application/x-www-form-urlencoded"}
    note("POST /form", {"at": now(-86400)[2]}, body=urlencode({"ts": seconds, "at": text}).encode(), headers=form)
    note("GET /log", {"at": [now()[0].strftime("%a, %d %b %Y %H:%M:%S GMT"), now(-86400)[2]]})
    return exchanges


@pytest.mark.parametrize("digits", [3, 6])
def test_no_clock_makes_a_difference(tmp_path, digits):
    here = project(tmp_path)
    results = set()
    for number, (pause, offset, micros) in enumerate(
        [(1e-4, 0, 123456), (7, 2, 123450), (0.4, -3.5, 987600), (31, 8, 1)]
    ):
        start = datetime(2026, 11, 21 + number, 20, 46, 4 + number, micros, tzinfo=UTC)
        exchanges = _by_the_clock(start, pause, offset, digits)
        (written,) = convert(here, [journal(tmp_path / f"{number}.jsonl", exchanges)]).pacts
        results.add(written.path.read_text())
    assert len(results) == 1
    first, *_ = json.loads(results.pop())["interactions"]
    assert first["request"]["query"]["since"] != [str(first["response"]["body"]["content"]["until"])]


TEXT = st.text(max_size=6)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.uuids().map(str),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=8,
)
BODY = st.binary(max_size=12) | VALUE.map(lambda value: json.dumps(value).encode())
CONTENT_TYPE = st.sampled_from(
    [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "image/png",
        "odd",
    ]
)
NAMES = st.sampled_from(["accept", "authorization", "location", "x-odd", "set-cookie"])
HEADERS = st.builds(
    lambda content_type, more: (("content-type", content_type), *more),
    CONTENT_TYPE,
    st.lists(st.tuples(NAMES, TEXT), max_size=2),
)
PLACES = st.sampled_from(["$.a", "$", "$.a[0]", "header.location", "path", "query.a", "status", "nonsense"])
RULES = st.dictionaries(
    PLACES, st.sampled_from(["type", "integer", "uuid", {"regex": "a"}, {"min": 1}, "odd"]), max_size=2
)
STATES = st.builds(ProviderState, TEXT, st.dictionaries(TEXT, VALUE, max_size=1))
EXCHANGES = st.builds(
    Exchange,
    request=st.builds(
        Request,
        st.sampled_from(["GET", "POST", "OPTIONS"]),
        st.builds(lambda query: f"{BASE_URL}/a?{query}", TEXT),
        HEADERS,
        BODY,
    ),
    response=st.none() | st.builds(Response, st.sampled_from([200, 204, 404]), HEADERS, BODY),
    outcome=st.sampled_from(Outcome),
    at=st.sampled_from(["2026-11-21T20:46:04.001Z", "", "odd"]),
    metadata=st.builds(
        Metadata,
        provider=st.sampled_from(["Product API", "Other", None]),
        handler=st.sampled_from(["handlers/a.yaml:1", None]),
        name=st.none() | TEXT,
        states=st.lists(STATES, max_size=2).map(tuple),
        path=st.sampled_from(["/a", "/b%20c", ""]),
        rules=st.dictionaries(st.sampled_from(["request", "response"]), RULES),
        named=st.sampled_from([(), ("response.headers.location", "request.headers.x-odd")]),
        generated=st.sampled_from([(), ("response.$",), ("response.body",), ("response.headers.location",)]),
    ),
)


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(EXCHANGES, max_size=5), st.sampled_from([2, 3, 4]))
def test_whatever_was_recorded_can_be_exported(tmp_path_factory, exchanges, specification):
    here = project(tmp_path_factory.mktemp("project"))
    path = journal(here.root / "run.jsonl", exchanges)
    first = _written(here, [path], specification)
    assert _written(here, [path, path], specification) == first
    path_again = journal(here.root / "again.jsonl", reversed(exchanges))
    assert _written(here, [path_again], specification) == first
    for content in first.values():
        keys = [(each["description"], json.dumps(each.get("providerStates"))) for each in content["interactions"]]
        assert specification == 2 or len(set(keys)) == len(keys)


def _written(here, paths, specification):
    return {
        each.path.name: json.loads(each.path.read_bytes())
        for each in convert(here, paths, specification=specification).pacts
    }


# (what two exchanges say at one place, what the pact says)
TOKENS = [
    (["5f8d0d55b54764421b7156aa", "5f8d0d55b54764421b7156ab"], ["0a0000000000000000000001"]),
    (["5f8d0d55b54764421b7156aa"] * 2, ["5f8d0d55b54764421b7156aa"]),
    (["V1StGXR8_Z5jdHi6B-myT", "x9StGXR8_Z5jdHi6B-myU"], ["xTk000000000000000001"]),
    (["V1StGXR8_Z5jdHi6B-myT"] * 2, ["V1StGXR8_Z5jdHi6B-myT"]),
]


@pytest.mark.parametrize(("said", "written"), TOKENS)
def test_a_token_is_pinned_where_it_changes_and_so_is_what_refers_to_it(tmp_path, here, said, written):
    exchanges = [
        exchange("POST /a", {"id": each}, generated=["response.$.id"], test=str(n)) for n, each in enumerate(said)
    ]
    exchanges.append(exchange(f"GET /a/{said[-1]}", {"n": 1}))
    convert(here, [journal(tmp_path / "1.jsonl", exchanges)])
    read, generated = pact(here)["interactions"]
    assert [generated["response"]["body"]["content"]["id"]] == written
    assert [read["request"]["path"].removeprefix("/a/")] == written


def test_what_only_the_condition_of_a_handler_says_is_no_accident(tmp_path, here):
    order = "6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e"
    exchanges = [exchange(f"GET /a/{order}", {"n": 1}, literal=[f"/a/{order}"])]
    convert(here, [journal(tmp_path / "1.jsonl", exchanges)])
    assert pact(here)["interactions"][0]["request"]["path"] == f"/a/{order}"


def test_merging_is_associative_and_several_consumers_keep_to_themselves(tmp_path):
    text = "consumer: A\nproviders:\n" + "".join(f"  P{n}: {{url: https://p{n}.test}}\n" for n in range(10))

    def exchanges(shard):
        return [exchange(f"GET /{shard}/{n}", {"n": n}, provider=f"P{n}") for n in range(10)]

    results = []
    for number, groups in enumerate(([[0], [1], [2]], [[2, 0], [1]], [[1, 2, 0]])):
        here = project(tmp_path / str(number), text)
        for consumer in ("A", "B"):
            for group in groups:
                paths = [
                    journal(here.root / f"{consumer}{shard}.jsonl", exchanges(shard), consumer=consumer)
                    for shard in group
                ]
                assert len(convert(here, paths, merge=True).pacts) == 10
        results.append({path.name: path.read_bytes() for path in here.pact_dir.iterdir()})
    assert results[0] == results[1] == results[2]
    assert len(results[0]) == 20
    assert {len(json.loads(content)["interactions"]) for content in results[0].values()} == {3}


def test_the_order_of_members_is_no_content(tmp_path, here):
    spellings = [{"b": str(uuid.uuid4()), "a": str(uuid.uuid4())}, {"a": str(uuid.uuid4()), "b": str(uuid.uuid4())}]
    results = set()
    for name, values in (("1", spellings), ("2", spellings[::-1])):
        path = journal(
            tmp_path / f"{name}.jsonl", [exchange("GET /a", value, generated=["response.$"]) for value in values]
        )
        results.add(convert(here, [path]).pacts[0].path.read_bytes())
    assert len(results) == 1
    assert len(pact(here)["interactions"]) == 1


def test_the_marks_of_slots_are_nothing_special_in_texts(tmp_path, here):
    answer = {"\ufdd0": "\ufdd0uuid:a\ufdd1 \ufdd2", "id": "\ufdd06f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e"}
    path = journal(tmp_path / "1.jsonl", [exchange("GET /a", answer, generated=["response.$"])])
    convert(here, [path])
    body = pact(here)["interactions"][0]["response"]["body"]["content"]
    assert list(body.values()) == ["uuid:a ", "00000000-0000-4000-8000-000000000001"]


def test_specification_2_tells_states_apart_by_name(tmp_path, here):
    exchanges = [
        known(exchange("GET /a", {"id": n}, name="asks"), states=(ProviderState("there is one", {"id": n}),))
        for n in (1, 2)
    ]
    path = journal(tmp_path / "1.jsonl", exchanges)
    convert(here, [path], specification=2)
    assert len(set(descriptions(pact(here)))) == 2
    convert(here, [path], specification=3)
    assert set(descriptions(pact(here))) == {"asks"}


def test_a_provider_without_exchanges_keeps_its_file(tmp_path, here):
    convert(here, [journal(tmp_path / "1.jsonl", [exchange("GET /a", {"a": 1})])])
    before = pact(here)
    conversion = convert(here, [journal(tmp_path / "2.jsonl", [])])
    assert conversion.without_exchanges == ["Product API"]
    assert conversion.pacts == []
    assert pact(here) == before


def test_an_export_replaces_and_a_merge_keeps(tmp_path, here):
    one = journal(tmp_path / "1.jsonl", [exchange("GET /a", {"a": 1}), exchange("GET /b", {"b": 1})])
    two = journal(tmp_path / "2.jsonl", [exchange("GET /b", {"b": 2}), exchange("GET /c", {"c": 1})])
    convert(here, [one])
    convert(here, [two])
    assert descriptions(pact(here)) == ["GET /b returns 200", "GET /c returns 200"]
    convert(here, [one])
    conversion = convert(here, [two], merge=True)
    assert descriptions(pact(here)) == ["GET /a returns 200", "GET /b returns 200", "GET /c returns 200"]
    assert pact(here)["interactions"][1]["response"]["body"]["content"] == {"b": 2}
    assert conversion.pacts[0].interactions == 3


@pytest.mark.parametrize("specification", [2, 3, 4])
def test_the_answer_to_head_has_the_headers_of_get_and_no_body(tmp_path, here, specification):
    rules = {"response": {"$.id": "integer", "header.etag": {"regex": ".+"}}}
    asked = known(exchange("HEAD /products/1", {"id": 1}, response_headers={"etag": "a"}), rules=rules)
    convert(here, [journal(tmp_path / "recording.jsonl", [asked])], specification=specification)
    (found,) = pact(here)["interactions"]
    assert "body" not in found["response"]
    assert {name.lower() for name in found["response"]["headers"]} == {"content-type", "etag"}
    assert "$.id" not in json.dumps(found)


def test_merging_into_something_else_is_refused(tmp_path, here):
    recording = journal(tmp_path / "1.jsonl", [exchange("GET /a", {"a": 1})])
    convert(here, [recording], specification=2)
    with pytest.raises(PactError, match="another specification"):
        convert(here, [recording], merge=True)
    for content in ("nonsense", "[]", '{"interactions": [1], "metadata": {}}'):
        (here.pact_dir / "Product Site-Product API.json").write_text(content)
        with pytest.raises(PactError, match="not a pact"):
            convert(here, [recording], merge=True)


def test_merges_at_the_same_time_lose_nothing(tmp_path, here):
    paths = [journal(tmp_path / f"{n}.jsonl", [exchange(f"GET /{n}", {"n": n})]) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda path: convert(here, [path], merge=True), paths))
    assert len(pact(here)["interactions"]) == 6


def test_two_pairs_with_one_safe_name_are_an_error(tmp_path):
    text = "consumer: C\nproviders:\n  A/B: {url: https://a.test}\n  'A:B': {url: https://b.test}\n"
    here = project(tmp_path, text)
    exchanges = [exchange("GET /a", provider="A/B"), exchange("GET /a", provider="A:B")]
    with pytest.raises(PactError, match=r'"C" with "A/B" and "C" with "A:B" would be one file, C-A_B\.json'):
        convert(here, [journal(tmp_path / "1.jsonl", exchanges, consumer="C")])
    assert not here.pact_dir.exists()


# (consumer, provider, file name)
NAMES_OF_FILES = [
    ("Product Site", "Product API", "Product Site-Product API.json"),
    ("../up", "/etc\\x", "_up-_etc_x.json"),
    ('a:b*c?"<>|', "d\n", "a_b_c_____-d_.json"),
    ("Käufer", "商店", "Käufer-商店.json"),
]


@pytest.mark.parametrize(("consumer", "provider", "name"), NAMES_OF_FILES)
def test_names_of_files_are_safe(tmp_path, here, consumer, provider, name):
    path = journal(tmp_path / "1.jsonl", [exchange("GET /a", provider=provider)], consumer=consumer)
    (written,) = convert(here, [path]).pacts
    assert written.path == here.pact_dir / name
    assert json.loads(written.path.read_bytes())["consumer"]["name"] == consumer


def test_a_very_long_name_is_cut(tmp_path, here):
    path = journal(
        tmp_path / "1.jsonl", [exchange("GET /a", provider="x" * 300), exchange("GET /a", provider="x" * 301)]
    )
    names = {written.path.name for written in convert(here, [path]).pacts}
    assert len(names) == 2
    assert max(map(len, names)) < 255


def test_the_consumer_of_the_recording_names_the_pact(tmp_path, here):
    paths = [journal(tmp_path / f"{name}.jsonl", [exchange("GET /a")], consumer=name) for name in ("One", "Two")]
    assert [each.consumer for each in convert(here, paths).pacts] == ["One", "Two"]
    assert [each.consumer for each in convert(here, paths, consumer="Both").pacts] == ["Both"]


def test_a_damaged_line_is_a_finding_and_a_torn_one_a_warning(tmp_path, here):
    path = journal(tmp_path / "1.jsonl", [exchange("GET /a"), exchange("GET /b")])
    header, first, second = path.read_text().splitlines()
    path.write_text(f"{header}\nnonsense\n{first}\n{second[:50]}")
    conversion = convert(here, [path])
    (finding,) = conversion.findings
    assert (finding.code, finding.type) == ("recording.damaged", "error")
    assert finding.message.startswith("1.jsonl:2: ")
    (warning,) = conversion.warnings
    assert warning.startswith("1.jsonl:4: the last line is torn")
    assert descriptions(pact(here)) == ["GET /a returns 200"]


def test_a_file_that_is_no_journal_is_refused(tmp_path, here):
    (tmp_path / "a.har").write_text("{}\n")
    with pytest.raises(RecordingError, match="not a journal"):
        convert(here, [tmp_path / "a.har"])


def test_the_folder_holds_pacts_only(tmp_path, here):
    convert(here, [journal(tmp_path / "1.jsonl", [exchange("GET /a")])], merge=True)
    assert [path.name for path in here.pact_dir.iterdir()] == ["Product Site-Product API.json"]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path, here):
    (tmp_path / "taken").write_text("")
    path = journal(tmp_path / "1.jsonl", [exchange("GET /a")])
    with pytest.raises(PactError, match="cannot write the pact"):
        convert(here, [path], output=tmp_path / "taken")


def test_findings_name_the_handlers(tmp_path, here):
    exchanges = [exchange("GET /a", {"a": n}, handler=f"handlers/a.yaml:{n}", name="asks") for n in (1, 2)]
    conversion = convert(here, [journal(tmp_path / "1.jsonl", exchanges)])
    messages = {finding.code: finding.message for finding in conversion.findings}
    assert "handlers/a.yaml:1, handlers/a.yaml:2" in messages["interaction.answers.ambiguous"]
    assert "handlers/a.yaml:1, handlers/a.yaml:2" in messages["interaction.description.ambiguous"]
    assert {finding.pact for finding in conversion.findings} == {"Product Site-Product API.json"}


@pytest.mark.parametrize("specification", [2, 3, 4])
def test_a_text_of_another_charset_is_told_where_it_can_be(tmp_path, here, specification):
    latin = {"content-type": "text/plain; charset=iso-8859-1"}
    each = exchange("GET /a", "grüße".encode("latin-1"), response_headers=latin)
    conversion = convert(here, [journal(tmp_path / "run.jsonl", [each])], specification=specification)
    body = pact(here)["interactions"][0]["response"].get("body")
    if specification == 4:
        assert (body["content"], body["encoded"], conversion.findings) == ("Z3L832U=", "base64", [])
    else:
        assert body is None
        assert [finding.code for finding in conversion.findings] == ["body.charset.unsupported"]
