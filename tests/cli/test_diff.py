"""`interceptor diff`: what has changed in a contract, and whether the provider could notice."""

import json
import subprocess

import pytest

from tests.brokers import clean_environment, interceptor
from tests.providers import interaction, pact

IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
BODY = {"id": "10", "tags": ["a"], "price": 1}
TYPE = [{"match": "type"}]


def one(body=BODY, rules=None, **more):
    """An interaction whose answer has a body, and rules by their paths."""
    found = interaction("a request for product 10", "/products/10", 200, body, **more)
    if rules:
        body_rules = {path: {"combine": "AND", "matchers": matchers} for path, matchers in rules.items()}
        found["response"]["matchingRules"] = {"body": body_rules}
    return found


def asked(**request):
    found = one()
    found["request"].update(request)
    return found


def answered(**response):
    found = one()
    found["response"].update(response)
    return found


# Each row: before, after; and the place, the effect. The rows without a place have no difference.
ROWS = {
    "an example under a rule": (
        one({"id": "10"}, {"$.id": TYPE}),
        one({"id": "11"}, {"$.id": TYPE}),
        "response.body.$.id",
        "none",
    ),
    "an example of another type": (
        one({"id": "10"}, {"$.id": TYPE}),
        one({"id": 11}, {"$.id": TYPE}),
        "response.body.$.id",
        "stricter",
    ),
    "a value without a rule": (one({"id": "10"}), one({"id": "11"}), "response.body.$.id", "stricter"),
    "1 and true are two values": (one({"id": 1}), one({"id": True}), "response.body.$.id", "stricter"),
    "a rule that takes the old value": (
        one({"id": "10"}),
        one({"id": "10"}, {"$.id": [{"match": "regex", "regex": "[0-9]+"}]}),
        "response.body.$.id",
        "looser",
    ),
    "a rule that does not take it": (
        one({"id": "a1"}),
        one({"id": "10"}, {"$.id": [{"match": "regex", "regex": "[0-9]+"}]}),
        "response.body.$.id",
        "stricter",
    ),
    "a rule that is gone": (one({"id": "10"}, {"$.id": TYPE}), one({"id": "10"}), "response.body.$.id", "stricter"),
    "a rule from above": (one({"a": {"id": 1}}), one({"a": {"id": 1}}, {"$": TYPE}), "response.body.$.a.id", "looser"),
    "a member more": (one({"id": "10"}), one({"id": "10", "name": "Pot"}), "response.body.$.name", "stricter"),
    "a member less": (one({"id": "10", "name": "Pot"}), one({"id": "10"}), "response.body.$.name", "looser"),
    "a lower bound": (
        one({"t": ["a"]}, {"$.t": [{"match": "type", "min": 2}]}),
        one({"t": ["a"]}, {"$.t": [{"match": "type", "min": 1}]}),
        "response.body.$.t",
        "looser",
    ),
    "a higher bound": (
        one({"t": ["a"]}, {"$.t": [{"match": "type", "min": 1}]}),
        one({"t": ["a"]}, {"$.t": [{"match": "type", "min": 2}]}),
        "response.body.$.t",
        "stricter",
    ),
    "a longer example of an array by type": (
        one({"t": ["a"]}, {"$.t": TYPE}),
        one({"t": ["a", "b"]}, {"$.t": TYPE}),
        None,
        None,
    ),
    "a status": (one(), answered(status=201), "response.status", "stricter"),
    "a header": (
        one(),
        answered(headers={"content-type": ["application/json"], "etag": ["1"]}),
        "response.headers.etag",
        "stricter",
    ),
    "what is asked": (one(), asked(query={"page": ["2"]}), "request.query.page", "asked"),
    "a path": (one(), asked(path="/products/11"), "request.path", "asked"),
    "a state": (one(), one(states=[("product 10 exists", {})]), "states", "asked"),
    "a name": (one(), {**one(), "description": "product 10"}, "description", "none"),
    "members in another order": (one({"a": 1, "b": 2}), one({"b": 2, "a": 1}), None, None),
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PACT_BROKER_BASE_URL", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


def write(file, *interactions, **names):
    file.write_text(json.dumps(pact(*interactions, **names)))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_each_field_and_whether_the_provider_could_notice(here, row):
    before, after, place, effect = row
    write(here / "old.json", before)
    write(here / "new.json", after)
    done = interceptor("diff", "new.json", "--against", "old.json", "--json")
    assert done.code == 0, done.err
    (changed,) = json.loads(done.out)
    fields = [field for each in changed["interactions"] for field in each["fields"]]
    assert [(field["place"], field["effect"]) for field in fields] == ([] if place is None else [(place, effect)])
    assert changed["noticeable"] == (effect in {"asked", "stricter"})


def commit(folder):
    for command in (("init", "-q", "-b", "main"), ("add", "."), (*IDENTITY, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *command], cwd=folder, env=clean_environment(), check=True)


POT = interaction("a pot", "/pots/1", 200, {"id": "1"})
PAN = interaction("a pan", "/pans/1", 200, {"id": "1"}, states=[("pan 1 exists", {})])


def test_against_the_commit_as_a_person_reads_it(here):
    write(here / "pact.json", one({"id": "10"}), POT)
    commit(here)
    write(here / "pact.json", one({"id": "11"}), PAN)
    done = interceptor("diff", "pact.json")
    first, *rest = done.out.splitlines()
    counts = "1 interaction added · 1 interaction changed · 1 interaction removed"
    assert first == f"interceptor  pact.json, against git:HEAD: {counts}; the provider could notice"
    assert rest == [
        "             changed: a request for product 10",
        '               response.body.$.id: "10" -> "11"  (the provider could notice)',
        "             added: a pan, given pan 1 exists",
        "             removed: a pot",
    ]


def test_against_the_commit_as_markdown(here):
    write(here / "pact.json", one({"id": "10"}))
    commit(here)
    write(here / "pact.json", one({"id": "10"}, {"$.id": TYPE}))
    assert interceptor("diff", "pact.json", "--markdown").out.splitlines() == [
        "## Product Site and Product API",
        "",
        "pact.json, against git:HEAD: 1 interaction changed; the provider cannot notice",
        "",
        "- **changed**: a request for product 10",
        '  - `response.body.$.id`: "10" -> "10" by type (looser than before)',
    ]


def test_a_pact_that_git_does_not_have_is_new(here):
    (here / "readme").touch()
    commit(here)
    write(here / "pact.json", POT)
    assert "1 interaction added" in interceptor("diff", "pact.json").out


def test_a_folder_against_a_folder(here):
    for name in ("old", "new"):
        (here / name).mkdir()
        write(here / name / "a.json", POT)
    assert interceptor("diff", "new", "--against", "old").out == "interceptor  a.json, against old: no change\n"


def test_the_specification_does_not_matter(here):
    write(here / "new.json", one({"id": "10"}, {"$.id": [{"match": "regex", "regex": "[0-9]+"}]}))
    old = {
        **pact(),
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
        "interactions": [
            {
                "description": "a request for product 10",
                "request": {"method": "GET", "path": "/products/10"},
                "response": {
                    "status": 200,
                    "headers": {"content-type": "application/json"},
                    "body": {"id": "10"},
                    "matchingRules": {"$.body.id": {"match": "regex", "regex": "[0-9]+"}},
                },
            }
        ],
    }
    (here / "old.json").write_text(json.dumps(old))
    assert "no change" in interceptor("diff", "new.json", "--against", "old.json").out


@pytest.mark.slow
def test_against_the_broker(at_broker, here, monkeypatch):
    monkeypatch.setenv("PACT_BROKER_BASE_URL", at_broker.url)
    write(here / "pact.json", POT, consumer="Diff Site")
    new = interceptor("diff", "pact.json", "--against", "broker")
    assert "1 interaction added" in new.out, new.err
    assert interceptor("publish", "pact.json", "-a", "1", "--branch", "main").code == 0
    assert "no change" in interceptor("diff", "pact.json", "--against", "broker").out


# Each row: arguments, exit code, and what is said.
WRONG = [
    (("pact.json",), 2, 'git knows no revision "HEAD" here'),
    (("pact.json", "--against", "git:--output=x"), 2, "git knows no revision"),
    (("pact.json", "--against", "other.json"), 2, "other.json is a pact of Shop App with Product API"),
    (("pact.json", "--against", "missing.json"), 2, "cannot read the pact missing.json"),
    (("pact.json", "--against", "broker"), 2, "PACT_BROKER_BASE_URL"),
    (("empty",), 1, "there are no pacts in empty"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG)
def test_misuse(here, arguments, code, said):
    (here / "empty").mkdir()
    write(here / "pact.json", POT)
    write(here / "other.json", POT, consumer="Shop App")
    done = interceptor("diff", *arguments)
    assert done.code == code
    assert said in done.err
