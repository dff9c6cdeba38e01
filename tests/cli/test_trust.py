"""`interceptor trust`: what the certificate authority is, and what it can do."""

from __future__ import annotations

import re

import pytest

from interceptor.cli import main

PROJECT = "consumer: Site\nproviders: {{API: {{url: [{urls}]}}}}\n{more}"


@pytest.mark.parametrize(
    ("urls", "more", "whom"),
    [
        ("https://api.example.com/v1", "", "this machine, api.example.com"),
        ("https://*.example.com, http://10.1.2.3:8080", "", "this machine, 10.1.2.3, example.com"),
        ("https://api.example.com", "authority: any\n", "every host"),
        ("https://api.example.com", "others: error\n", "every host"),
    ],
)
def test_it_says_whom_the_authority_vouches_for(tmp_path, capsys, urls, more, whom):
    file = tmp_path / "interceptor.yaml"
    file.write_text(PROJECT.format(urls=urls, more=more))
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "api.yaml").write_text("handlers: []\n")
    with pytest.raises(SystemExit) as ended:
        main(["trust", "--config", str(file)])
    out = capsys.readouterr().out
    assert ended.value.code in {0, None}
    assert f"vouches for  {whom}\n" in out
    assert "certificate  .interceptor/mitmproxy-ca-cert.pem" in out
    assert re.search(r"until {8}\d{4}-\d\d-\d\d\n", out)
    assert re.search(r"SHA-256 {6}([0-9A-F]{2}:){31}[0-9A-F]{2}\n", out)
    assert (tmp_path / ".interceptor" / "mitmproxy-ca-cert.pem").is_file()
