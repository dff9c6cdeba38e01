"""`interceptor init --from-msw-adapter`: the options of pact-msw-adapter become a project file."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from interceptor.cli import main
from interceptor.project.config import load_project
from interceptor.scaffold.msw_adapter import import_adapter
from interceptor.values.errors import UsageError

SETUP = r"""
import { setupServer } from 'msw/node'
import { setupPactMswAdapter } from "@pactflow/pact-msw-adapter"

const server = setupServer()
/* setupPactMswAdapter in a comment is no call */
export const pact = setupPactMswAdapter({
  server,
  options: {
    consumer: 'Product Site', // the name
    providers: {
      ['Product API']: ['https://api.example.com/v1/products', `https://api.example.com/v1/orders`],
      "Stock API": ["stock.example.com"],
    } as const,
    pactOutDir: './pacts/',
    includeUrl: ['/v1/'],
    excludeUrl: ["/health", "*.woff2", process.env.SKIPPED],
    excludeHeaders: ['x-powered-by', 'cookie'],
    timeout: 1_000,
    debug: Boolean(process.env.DEBUG),
    logger: { log(message) { console.log(message, { a: [1, 2] }) } },
  },
  writer: (path, data) => fs.writeFileSync(path, JSON.stringify(data)),
});
"""


@pytest.fixture
def setup(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text):
        file = tmp_path / "setup.ts"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def call(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["init", *map(str, arguments)])
    return ended.value.code


def test_the_options_become_a_project_file(setup, capsys, tmp_path):
    assert call("--from-msw-adapter", setup(SETUP)) in {0, None}
    assert yaml.safe_load((tmp_path / "interceptor.yaml").read_text()) == {
        "consumer": "Product Site",
        "providers": {
            "Product API": {"url": "https://api.example.com"},
            "Stock API": {"url": ["https://stock.example.com", "http://stock.example.com"]},
        },
        "handlers": [],
        "include": ["*/v1/*"],
        "exclude": ["*/health*", "*.woff2"],
        "pact": {"dir": "pacts"},
    }
    said = capsys.readouterr().err
    assert "excludeUrl has a part that is computed (process.env.SKIPPED): write it in interceptor.yaml" in said
    assert "excludeHeaders (x-powered-by, cookie) is not needed" in said
    assert "timeout is not needed here" in said
    assert load_project(tmp_path / "interceptor.yaml").settings.include == ["*/v1/*"]


def test_what_the_options_do_not_say_comes_from_the_command_line(setup, capsys, tmp_path):
    text = "const a = setupPactMswAdapter({ server, options: { consumer: name, providers: { API: ['products'] } } })"
    assert call("--from-msw-adapter", setup(text)) == 2
    assert '--provider "API=https://..."' in capsys.readouterr().err
    assert call("--from-msw-adapter", setup(text), "--provider", "API=http://localhost:8081", "--consumer", "Shop") in {
        0,
        None,
    }
    settings = load_project(tmp_path / "interceptor.yaml").settings
    assert (settings.consumer, settings.providers["API"].url) == ("Shop", ["http://localhost:8081"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("const a = 1", "does not call setupPactMswAdapter"),
        ("\nsetupPactMswAdapter(options)", "setup.ts:2: the options are no object literal"),
        ("setupPactMswAdapter({server, options})", "the options are no object literal"),
        ("setupPactMswAdapter({options: {consumer: 'a'}})", "does not say the base URL of its providers"),
        ("setupPactMswAdapter({options: {consumer: 'a', providers: all}})", "does not say the base URL"),
        ("setupPactMswAdapter({options: " + "[" * 5000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_told(setup, capsys, text, said):
    assert call("--from-msw-adapter", setup(text)) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there_or_no_text(setup, capsys, tmp_path):
    assert call("--from-msw-adapter", tmp_path / "gone.ts") == 2
    assert "cannot read" in capsys.readouterr().err
    file = setup("")
    file.write_bytes(b"\xff\xfe\x00")
    assert call("--from-msw-adapter", file) == 2
    assert "is no text in UTF-8" in capsys.readouterr().err


@given(st.text(st.sampled_from("{}[](),:'\"`\\/*ab1 \n$."), max_size=80))
def test_no_text_is_more_than_unread(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("any") / "setup.js"
    file.write_text(
        f"setupPactMswAdapter({{options: {{consumer: 'a', providers: {{A: ['https://a.test']}}, b: {text}}}}})"
    )
    try:
        project = import_adapter(file, lambda: "c", {})
    except UsageError:
        return
    assert project.settings["consumer"]


LITERALS = st.recursive(
    st.one_of(st.booleans(), st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8)),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), each),
)


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=9)), LITERALS)
def test_whatever_json_can_say_is_read(tmp_path_factory, texts, more):
    import json  # noqa: PLC0415  # the property's own notation

    options = {"more": more, "consumer": "a", "providers": {"A": ["https://a.test"]}, "includeUrl": texts}
    file = tmp_path_factory.mktemp("any") / "setup.js"
    file.write_text(f"setupPactMswAdapter({json.dumps({'options': options})})")
    project = import_adapter(file, lambda: "c", {})
    included = [text if any(char in text for char in "*?[") else f"*{text}*" for text in texts]
    assert project.settings.get("include", []) == included
