"""`interceptor states`: what is listed, and state handler files that real providers run."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.brokers import interceptor, wait_for
from tests.providers import interaction, pact

pytestmark = pytest.mark.slow

APPS = Path(__file__).parents[1] / "scaffold" / "providers"
KETTLE = {"id": "10", "name": "Kettle"}
PACT = pact(
    interaction("a request for product 10", "/products/10", 200, KETTLE, states=[("product 10 exists", {})]),
    interaction("a look at product 10", "/products/10", 200, KETTLE, states=[("product 10 exists", {})]),
    interaction("a product in stock", "/products/11", 200, {}, states=[('"so many"', {"count": 7})]),
    interaction("a product that nobody has", "/products/12", 404, None),
)
WRITTEN = {
    "py": (
        '    raise NotImplementedError("not written yet: product 10 exists")',
        '    PRODUCTS["10"] = params or KETTLE',
    ),
    "js": ('  throw notWrittenYet("product 10 exists");', '  PRODUCTS["10"] = KETTLE;'),
}
DATA = {
    "py": 'KETTLE = {"id": "10", "name": "Kettle"}\nPRODUCTS = {}\n',
    "js": 'const KETTLE = { id: "10", name: "Kettle" };\nconst PRODUCTS = {};\nmodule.exports.PRODUCTS = PRODUCTS;\n',
}


@pytest.fixture
def pact_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "pact.json"
    file.write_text(json.dumps(PACT))
    return str(file)


def test_a_person_reads_who_asks_for_what(pact_file):
    done = interceptor("states", pact_file)
    assert done.code == 0
    assert done.out.splitlines() == [
        "Product Site requires of Product API",
        '  given "so many"',
        '    with {"count": 7}',
        "    a product in stock",
        "  given product 10 exists",
        "    a request for product 10",
        "    a look at product 10",
        "  without a state",
        "    a product that nobody has",
    ]


def test_the_list_for_programs(pact_file):
    assert json.loads(interceptor("states", pact_file, "--json").out) == [
        {
            "consumer": "Product Site",
            "provider": "Product API",
            "states": [
                {"name": '"so many"', "params": [{"count": 7}], "interactions": ["a product in stock"]},
                {
                    "name": "product 10 exists",
                    "params": [],
                    "interactions": ["a request for product 10", "a look at product 10"],
                },
            ],
            "without": ["a product that nobody has"],
        }
    ]


def test_the_list_as_markdown(pact_file):
    assert interceptor("states", pact_file, "--markdown").out.splitlines() == [
        "## Product Site and Product API",
        "",
        "| provider state | parameters | interactions |",
        "|---|---|---|",
        '| "so many" | `{"count": 7}` | a product in stock |',
        "| product 10 exists |  | a request for product 10; a look at product 10 |",
        "| (none) | | a product that nobody has |",
    ]


@pytest.mark.parametrize("kind", ["fastapi", "flask", "django", "express", "json"])
def test_run_again_it_adds_new_states_and_keeps_what_people_wrote(pact_file, kind):
    first = interceptor("states", pact_file, "--scaffold", kind, "--output", "file")
    assert first.err == "interceptor  wrote file: 2 states of Product Site\n"
    file = Path("file")
    words = '"setup": null', '"setup": {"by": "people"}'
    edited = file.read_text().replace(*words).replace("not written yet", "written by people")
    file.write_text(edited)
    assert interceptor("states", pact_file, "--scaffold", kind, "--output", "file").err == (
        "interceptor  file has every state already\n"
    )
    assert file.read_text() == edited

    new = interaction("a new one", "/products/13", 404, None, states=[("product 13 is gone", {})])
    Path(pact_file).write_text(json.dumps({**PACT, "interactions": [*PACT["interactions"], new]}))
    interceptor("states", pact_file, "--scaffold", kind, "--output", "file")
    assert "people" in file.read_text()
    assert file.read_text().count("product 13 is gone") >= 1
    if kind != "json":
        assert file.read_text().startswith(edited.rstrip())


@pytest.mark.parametrize("kind", ["fastapi", "flask", "django", "json"])
def test_a_provider_with_the_scaffold_is_verified(pact_file, tmp_path, kind):
    scaffolded(pact_file, kind)
    shutil.copy(APPS / f"{kind}_app.py", tmp_path)
    assert_verified(pact_file, [sys.executable, f"{kind}_app.py"], tmp_path)


def test_a_provider_in_node_is_verified(pact_file, tmp_path):
    install_express(tmp_path)
    scaffolded(pact_file, "express")
    shutil.copy(APPS / "express_app.js", tmp_path)
    assert_verified(pact_file, ["node", "express_app.js"], tmp_path)


def install_express(folder):
    if shutil.which("npm") is None:
        pytest.skip("needs Node.js and npm")
    install = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(
        [*install, "--fetch-retries=0", "express@5"], capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        pytest.skip(f"npm cannot install express: {done.stderr.strip().splitlines()[-1]}")


def scaffolded(pact_file, kind):
    """The scaffold, with one of its two handlers written."""
    done = interceptor("states", pact_file, "--scaffold", kind)
    assert done.code == 0, done.err
    suffix = {"express": "js", "json": "json"}.get(kind, "py")
    file = Path(f"product_api_states.{suffix}")
    text = file.read_text()
    if suffix == "json":
        document = json.loads(text)
        document["states"][1]["setup"] = {"10": KETTLE}
        file.write_text(json.dumps(document))
        return
    before, after = WRITTEN[suffix]
    assert before in text
    file.write_text(f"{text.replace(before, after)}\n{DATA[suffix]}")


def assert_verified(pact_file, command, folder):
    """The state that has its handler passes, as does what needs none; the one that has none fails and says so."""
    with serving(command, folder) as url:
        states = f"{url}/_pact/states"
        done = interceptor("verify", pact_file, "--provider-url", url, "--states-url", states, "--json")
    outcomes = {each["description"]: each["outcome"] for each in json.loads(done.out)["interactions"]}
    assert outcomes == {
        "a request for product 10": "ok",
        "a look at product 10": "ok",
        "a product in stock": "failed",
        "a product that nobody has": "ok",
    }
    failed = next(each for each in json.loads(done.out)["interactions"] if each["outcome"] == "failed")
    assert failed["reasons"][0].startswith('provider state "so many": 404')


@contextlib.contextmanager
def serving(command, folder):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    log = folder / "log"
    with (
        log.open("w") as output,
        subprocess.Popen([*command, str(port)], cwd=folder, env=os.environ, stdout=output, stderr=output) as process,
    ):
        try:
            wait_for(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


TWO_CONSUMERS = """
@state("Shop App", "product 10 exists", "teardown")
def undone(params):
    DONE.append("undone")


DONE = []
SHELF = {"id": "10", "name": "Kettle"}
PRODUCTS = {}
"""


def test_two_consumers_of_one_provider_have_handlers_of_their_own(pact_file, tmp_path):
    """Both say "product 10 exists", and mean another name."""
    pot = interaction(
        "a pot",
        "/products/10",
        200,
        {"id": "10", "name": "Pot"},
        states=[("product 10 exists", {}), ("all is well", {})],
    )
    (tmp_path / "other.json").write_text(json.dumps(pact(pot, consumer="Shop App")))
    done = interceptor("states", pact_file, "other.json", "--scaffold", "fastapi")
    assert done.err == "interceptor  wrote product_api_states.py: 4 states of Product Site and Shop App\n"
    file = Path("product_api_states.py")
    text = file.read_text()
    for name in ("Kettle", "Pot"):
        setup = f'    PRODUCTS["10"] = {{"id": "10", "name": "{name}"}}'
        text = text.replace('    raise NotImplementedError("not written yet: product 10 exists")', setup, 1)
    for empty in ("all is well", '\\"so many\\"'):
        text = text.replace(f'    raise NotImplementedError("not written yet: {empty}")', '    """Nothing to do."""')
    text = text.replace('Does nothing so far."""', 'Empties the shelf."""\n    PRODUCTS.clear()')
    file.write_text(f"{text}\n{TWO_CONSUMERS}")
    shutil.copy(APPS / "fastapi_app.py", tmp_path)
    with serving([sys.executable, "fastapi_app.py"], tmp_path) as url:
        where = ("--provider-url", url, "--states-url", f"{url}/_pact/states", "--teardown")
        done = interceptor("verify", pact_file, "other.json", *where, "--json")
    found = [(each["consumer"], each["description"], each["outcome"]) for each in json.loads(done.out)["interactions"]]
    assert found == [
        ("Product Site", "a request for product 10", "ok"),
        ("Product Site", "a look at product 10", "ok"),
        ("Product Site", "a product in stock", "failed"),  # there is no product 11, and its state does nothing
        ("Product Site", "a product that nobody has", "ok"),
        ("Shop App", "a pot", "ok"),
    ]


def test_each_provider_has_a_file_of_its_own(pact_file, tmp_path):
    for number, provider in enumerate(("product-api", "Каталог", "在庫")):
        (tmp_path / f"{number}.json").write_text(json.dumps({**PACT, "provider": {"name": provider}}))
    done = interceptor("states", pact_file, "0.json", "1.json", "2.json", "--scaffold", "json")
    assert done.err.splitlines() == [
        "interceptor  wrote product_api_states.json: 2 states of Product Site",
        "interceptor  wrote product_api_2_states.json: 2 states of Product Site",
        "interceptor  wrote каталог_states.json: 2 states of Product Site",
        "interceptor  wrote 在庫_states.json: 2 states of Product Site",
    ]
    done = interceptor("states", pact_file, "0.json", "--scaffold", "json", "--output", "one.json")
    assert done.code == 2
    assert "choose with --provider" in done.err
    done = interceptor("states", "0.json", "--scaffold", "json", "--output", "product_api_states.json")
    assert done.code == 2
    assert "the file has the state handlers of Product API, not of product-api" in done.err


# Each row: arguments, exit code, and what is said.
WRONG = [
    (("pact.json", "--consumer", "Nobody"), 1, "there are: Product Site with Product API"),
    (("missing.json",), 2, "cannot read the pact missing.json"),
    (("pact.json", "--scaffold", "json", "--output", "pact.json"), 2, "has no state handlers"),
    (("pact.json", "--scaffold", "flask", "--output", "other.py"), 2, "has no state handlers of Product API"),
    (("pact.json", "--scaffold", "flask", "--output", "."), 2, "cannot add to ."),
    (("pact.json", "--scaffold", "flask", "--output", "pact.json/states.py"), 2, "cannot write pact.json/states.py"),
    (("pact.json", "--scaffold", "rails"), 2, "rails"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG)
def test_misuse(pact_file, arguments, code, said):
    Path("other.py").write_text("handlers = {}")
    done = interceptor("states", *arguments)
    assert done.code == code
    assert said in done.err
