from __future__ import annotations

from pathlib import Path

import pytest

from interceptor.run.environment import ADDITIONAL_VARIABLES, BUNDLE_VARIABLES, bypassed, child_environment
from interceptor.run.trust import TrustFiles

TRUST = TrustFiles(Path("/run"), Path("/run/bundle.pem"), Path("/run/additional.pem"), b"")
PROXY = "http://127.0.0.1:41873"


def child(environ=(), base_urls=(), owned_hosts=()):
    return child_environment(
        dict(environ),
        proxy_url=PROXY,
        trust=TRUST,
        control_url=f"{PROXY}/token",
        base_urls=dict(base_urls),
        bypassed=bypassed(owned_hosts),
    )


def test_both_spellings_name_the_proxy():
    names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"]
    assert {child({"https_proxy": "http://corporate:1"})[name] for name in names} == {PROXY}


def test_a_proxy_that_would_win_over_ours_is_dropped():
    assert not {"ALL_PROXY", "all_proxy"} & child({"ALL_PROXY": "socks5://a", "all_proxy": "socks5://a"}).keys()


def test_trust_variables_name_the_files_of_the_run():
    variables = child({"CURL_CA_BUNDLE": "/mine.pem"})
    assert {variables[name] for name in BUNDLE_VARIABLES} == {"/run/bundle.pem"}
    assert {variables[name] for name in ADDITIONAL_VARIABLES} == {"/run/additional.pem"}
    assert variables["NODE_USE_ENV_PROXY"] == "1"


def test_everything_else_is_inherited():
    environ = {"PATH": "/bin", "LANG": "C"}
    assert child(environ).items() >= environ.items()
    assert environ == {"PATH": "/bin", "LANG": "C"}


def test_tests_are_told_where_to_speak_to_the_proxy():
    assert child({"INTERCEPTOR_URL": "http://127.0.0.1:1/another"})["INTERCEPTOR_URL"] == f"{PROXY}/token"


def test_base_urls_are_set():
    assert child(base_urls={"API_BASE_URL": "http://localhost:3000/v1"})["API_BASE_URL"] == "http://localhost:3000/v1"


@pytest.mark.parametrize(
    ("owned", "expected"),
    [
        ([], "localhost,127.0.0.1,::1"),
        (["api.example.com"], "localhost,127.0.0.1,::1"),
        (["localhost"], ""),
        (["[::1]"], ""),
        (["SHOP.localhost"], ""),
        (["*.localhost"], ""),
        (["*"], ""),
        (["notlocalhost"], "localhost,127.0.0.1,::1"),
    ],
)
def test_loopback_goes_around_the_proxy_unless_a_provider_is_there(owned, expected):
    variables = child({"NO_PROXY": "api.example.com"}, owned_hosts=owned)
    assert variables["NO_PROXY"] == variables["no_proxy"] == expected
