"""What is read before anything is sent: the address, the credentials, the pact files."""

import json

import pytest

from interceptor.broker import Broker, find_broker, read_pacts
from interceptor.values.errors import PactError, UsageError

TOKEN = {"PACT_BROKER_TOKEN": "t0ken"}
LOGIN = {"PACT_BROKER_USERNAME": "site", "PACT_BROKER_PASSWORD": "s3cret"}
BASE_URL = {"PACT_BROKER_BASE_URL": "https://broker.example.com"}
PATIENCE = {"retries": 2, "seconds": 60}


def find(variables):
    return find_broker(variables, **PATIENCE)


# Each row: the variables, the address, the credentials.
ADDRESSES = [
    (BASE_URL, "https://broker.example.com", {}),
    ({"PACT_BROKER_BASE_URL": "http://127.0.0.1:9292/pacts/"}, "http://127.0.0.1:9292/pacts", {}),
    ({"PACT_BROKER_HOST": "shop.example.com"}, "https://shop.example.com", {}),
    ({"PACT_BROKER_HOST": "http://localhost:9292"}, "http://localhost:9292", {}),
    ({"PACT_BROKER_BASE_URL": "", "PACT_BROKER_HOST": "shop.example.com"}, "https://shop.example.com", {}),
    ({**BASE_URL, **LOGIN}, "https://broker.example.com", LOGIN),
    ({**BASE_URL, **TOKEN}, "https://broker.example.com", TOKEN),
    ({**BASE_URL, **TOKEN, **LOGIN}, "https://broker.example.com", TOKEN),
    ({**BASE_URL, "PACT_BROKER_TOKEN": "", **LOGIN}, "https://broker.example.com", LOGIN),
    ({"PACT_BROKER_BASE_URL": "https://site:s3cret@broker.example.com:8443"}, "https://broker.example.com:8443", LOGIN),
]


@pytest.mark.parametrize(("variables", "url", "credentials"), ADDRESSES)
def test_the_environment_names_the_broker(variables, url, credentials):
    assert find(variables) == Broker(url, credentials, **PATIENCE)


def test_credentials_are_not_shown():
    assert "s3cret" not in repr(find({**BASE_URL, **LOGIN}))


def test_without_a_broker_the_error_names_the_variable():
    with pytest.raises(UsageError, match="PACT_BROKER_BASE_URL") as raised:
        find({})
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("url", ["ftp://broker.example.com", "https://", "https://[::1"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(UsageError, match="PACT_BROKER_BASE_URL"):
        find({"PACT_BROKER_BASE_URL": url})


PACT = {"consumer": {"name": "Site"}, "provider": {"name": "API"}, "interactions": []}


def write(folder, **files):
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text)


def test_pacts_are_read_in_the_order_of_their_names(tmp_path):
    write(tmp_path, b=PACT, a={**PACT, "provider": {"name": "Stock"}})
    (tmp_path / "notes.txt").touch()
    assert [(pact.file.name, pact.consumer, pact.provider) for pact in read_pacts(tmp_path)] == [
        ("a.json", "Site", "Stock"),
        ("b.json", "Site", "API"),
    ]


# Each row: the content of the file, and what is said about it.
NO_PACTS = [
    ("{", "Expecting property name"),
    ('{"a": "\x01"}', "Invalid control character"),
    ("[" * 100_000, ""),
    ("[]", "it is not a JSON object"),
    ({}, "interactions is missing"),
    ({**PACT, "interactions": {}}, "interactions is missing"),
    ({**PACT, "consumer": "Site"}, "consumer.name is missing"),
    ({**PACT, "provider": {"name": " "}}, "provider.name is missing"),
]


@pytest.mark.parametrize(("content", "said"), NO_PACTS)
def test_a_file_that_is_no_pact_is_named(tmp_path, content, said):
    write(tmp_path, good=PACT, bad=content)
    with pytest.raises(PactError) as raised:
        read_pacts(tmp_path)
    assert f"bad.json: {said}" in str(raised.value).replace("not a pact: ", "")
    assert "good.json" not in str(raised.value)


def test_every_wrong_file_is_named(tmp_path):
    write(tmp_path, one="{", two="[]")
    (tmp_path / "three.json").mkdir()
    with pytest.raises(PactError, match=r"(?s)one\.json.*three\.json: Is a directory\n.*two\.json"):
        read_pacts(tmp_path)


def test_two_files_of_one_pair_are_refused(tmp_path):
    write(tmp_path, one=PACT, two=PACT)
    with pytest.raises(PactError, match=r"two\.json: a pact of the same consumer and provider as one\.json"):
        read_pacts(tmp_path)


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_pacts_is_refused(tmp_path, exists):
    folder = tmp_path / "pacts"
    if exists:
        folder.mkdir()
    with pytest.raises(PactError, match="no pacts in pacts") as raised:
        read_pacts(folder)
    assert "interceptor run" in raised.value.hint
