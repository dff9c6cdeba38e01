"""Where secrets hide: each kind with a made-up value that must not survive, and values that must."""

from __future__ import annotations

import base64
import json

import pytest
from detect_secrets.core import scan
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.settings import transient_settings

from interceptor.redaction.forms import forms
from interceptor.redaction.names import is_secret_name
from interceptor.redaction.redactor import Redactor
from tests.exchanges import exchange

PASSWORD = "hunter22pass"
RANDOM = "Zk7pQ2mXv9RtLw4Ns8HyaB3xQ9"
GITHUB = "ghp_" + "a1B2" * 9
MULTIPART = "multipart/form-data; boundary=b"
FORM = "application/x-www-form-urlencoded"
PART = '--b\r\ncontent-disposition: form-data; name="{}"\r\n{}\r\n{}\r\n--b--\r\n'
LOGIN = f'mutation {{ login(user: "a", password: "{PASSWORD}") {{ id }} }}'
WRAPPED = base64.b64encode(GITHUB.encode()).decode()
PGP = f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{RANDOM}\n-----END PGP PRIVATE KEY BLOCK-----"
META = "content-type: application/json\r\n"
UTF_16 = json.dumps({"password": PASSWORD}).encode("utf-16")

# By what it is: the content type, the body, and what must not be left of it.
BODIES = {
    "JSON in a part of a form": (MULTIPART, PART.format("meta", META, f'{{"password":"{PASSWORD}"}}'), PASSWORD),
    "a token in a part of a form": (MULTIPART, PART.format("note", "", GITHUB), GITHUB),
    "a form with an odd byte": (FORM, b"user=\xff&password=" + PASSWORD.encode(), PASSWORD),
    "JSON with an odd byte": ("application/json", b'{"u":"\xff","password":"' + PASSWORD.encode() + b'"}', PASSWORD),
    "JSON in a form": (FORM, f"payload=%7B%22password%22%3A%22{PASSWORD}%22%7D", PASSWORD),
    "JSON in JSON": ("application/json", json.dumps({"data": json.dumps({"in": [{"password": PASSWORD}]})}), PASSWORD),
    "JSON in JSON in JSON": (
        "application/json",
        json.dumps({"a": json.dumps({"b": json.dumps({"pwd": PASSWORD})})}),
        PASSWORD,
    ),
    "UTF-16": ("application/json", UTF_16, PASSWORD.encode("utf-16-le")),
    "another charset": ("text/plain; charset=iso-8859-1", f"für password={PASSWORD}".encode("latin-1"), PASSWORD),
    "an attribute": ("application/xml", f'<login user="a" password="{PASSWORD}"/>', PASSWORD),
    "an attribute in single quotes": ("application/xml", f"<login password='{PASSWORD}'/>", PASSWORD),
    "CDATA": ("application/xml", f"<a><password><![CDATA[{PASSWORD}]]></password></a>", PASSWORD),
    "a nested element": ("application/xml", f"<a><password><value>{PASSWORD}</value></password></a>", PASSWORD),
    "a named element": ("application/xml", f'<f><field name="password">{PASSWORD}</field></f>', PASSWORD),
    "an element with a prefix": ("text/xml", f"<w:Password>{PASSWORD}</w:Password>", PASSWORD),
    "a hidden input": ("text/html", f'<input type=hidden name="csrf_token" value="{PASSWORD}">', PASSWORD),
    "SOAP": ("application/soap+xml", f"<s:Envelope><wsse:Password>{PASSWORD}</wsse:Password></s:Envelope>", PASSWORD),
    "a literal of GraphQL": ("application/json", json.dumps({"query": LOGIN}), PASSWORD),
    "GraphQL by itself": ("application/graphql", f'{{ login(password: "{PASSWORD}") {{ id }} }}', PASSWORD),
    "YAML": ("application/yaml", f"user: a\npassword: {PASSWORD}\n", PASSWORD),
    "INI": ("text/plain", f"[db]\npassword={PASSWORD}\n", PASSWORD),
    "an environment": ("text/plain", f"export API_KEY={PASSWORD}\n", PASSWORD),
    "JDBC": ("application/json", json.dumps({"url": f"jdbc:postgresql://h/db;user=a;password={PASSWORD}"}), PASSWORD),
    "an escaped URL": ("application/json", f'{{"u":"https:\\/\\/ada:{PASSWORD}@h\\/x"}}', PASSWORD),
    "a member's name": ("application/json", json.dumps({GITHUB: 1}), GITHUB),
    "base64 of a known form": ("application/json", json.dumps({"cfg": WRAPPED}), WRAPPED),
    "SAML": (FORM, "SAMLResponse=PHNhbWxwOlJlc3BvbnNl", "PHNhbWxwOlJlc3BvbnNl"),
    "what looks random": ("application/json", json.dumps({"thing": RANDOM}), RANDOM),
    "what looks random, by itself": ("text/plain", f"{RANDOM}\n", RANDOM),
    "a doubtful name": ("application/json", json.dumps({"key": RANDOM[:14]}), RANDOM[:14]),
    "elements of a list": ("application/json", json.dumps({"passwords": [PASSWORD]}), PASSWORD),
    "a key of PGP": ("text/plain", PGP, RANDOM),
}


@pytest.mark.parametrize(("content_type", "body", "secret"), BODIES.values(), ids=BODIES)
def test_in_a_body(content_type, body, secret):
    sent = body if isinstance(body, bytes) else body.encode()
    result = Redactor()(exchange("POST /a", body=sent, headers={"content-type": content_type}))
    left = secret if isinstance(secret, bytes) else secret.encode()
    assert left in sent.replace(b"\\/", b"/") or content_type == FORM
    assert left not in result.request.body
    assert result.masked


URLS = {
    "a bare token": f"GET /x?{GITHUB}",
    "a token beside a flag": f"GET /x?{GITHUB}&full",
    "a matrix parameter": f"GET /x;jsessionid={RANDOM}/y",
    "a URL in a parameter": f"GET /x?next=https%3A%2F%2Fa.example%2Fb%3Ftoken%3D{RANDOM}",
    "a code": f"GET /callback?code={RANDOM}&page=2",
    "what looks random": f"GET /x?z={RANDOM}",
    "a name in brackets": f"GET /x?user%5Bpassword%5D={RANDOM}",
}


@pytest.mark.parametrize("line", URLS.values(), ids=URLS)
def test_in_a_url(line):
    result = Redactor()(exchange(line))
    assert RANDOM not in result.request.url
    assert GITHUB not in result.request.url


ECHOES = {
    "in a header": ({"ok": True}, {"x-echo": f"u/{PASSWORD}"}, ["response.headers.x-echo"]),
    "in JSON": ({"said": f"it was {PASSWORD}"}, {}, ["response.$.said"]),
    "in an event stream": (f"data: {PASSWORD}\n\n", {"content-type": "text/event-stream"}, ["response.body"]),
}


@pytest.mark.parametrize(("answer", "headers", "generated"), ECHOES.values(), ids=ECHOES)
def test_a_secret_that_is_echoed(answer, headers, generated):
    sent = exchange("POST /a", answer, body={"password": PASSWORD}, response_headers=headers, generated=generated)
    assert PASSWORD not in repr(Redactor()(sent))


def test_a_password_of_basic_credentials_that_is_echoed_decoded():
    credentials = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    sent = exchange(
        "GET /a",
        {"hello": f"ada:{PASSWORD}"},
        headers={"authorization": f"Basic {credentials}"},
        generated=["response.$"],
    )
    assert PASSWORD not in repr(Redactor()(sent))


def test_a_test_named_after_a_secret():
    sent = exchange("POST /a", body={"password": PASSWORD}, test=f"test_login[{PASSWORD}]")
    assert Redactor()(sent).metadata.test == "test_login[***]"


SECRET_NAMES = """
    pass user_pass db-password authKey tokens_secret masterKey accountKey totp _csrf client_assertion code_verifier
    X-Auth-Key X-Any-Key passwort kennwort
    contraseña mot_de_passe senha пароль パスワード 密码 비밀번호 hasło şifre lösenord
    clientSecret X-Api-Key refresh_token newPassword password_confirmation sessionId card_number hmac SAMLResponse
    id_token Ocp-Apim-Subscription-Key AWSSecretAccessKey X-Amz-Security-Token accessKeyId PRIVATE-TOKEN PHPSESSID
"""
OTHER_NAMES = """
    author tokens nextPageToken keyboard passenger spin token_type max_tokens verifier
    x-idempotency-key idempotency_key compass
    bypass passed monkey sort_key pinned opinion secretary primary_key country_code assignee signed design next_token
"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_a_name_that_gives_a_secret_away(name):
    assert is_secret_name(name)


@pytest.mark.parametrize("name", OTHER_NAMES.split())
def test_a_name_that_does_not(name):
    assert not is_secret_name(name)


HARMLESS = {
    "a UUID": "6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e",
    "an ETag": 'W/"33a64df551425fcc55e4d42a148795d9f25f89d4"',
    "a digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "a file's name": "app.3f2a9c1b2d4e5f60.js",
    "a slug": "the-quick-brown-fox-jumps-over-42",
    "a name in camel case": "someVeryLongCamelCaseIdentifierName1",
    "a time": "2026-11-21T20:46:04.001Z",
    "a URL": "https://a.example.com/v1/products/10?full=1&page=2",
    "a code of an error": "RESOURCE_NOT_FOUND_404",
    "a language": "en-GB",
    "a Mongo id": "507f1f77bcf86cd799439011",
    "a sentence": "Your password must have at least 8 characters.",
}


MIXED = {"a file's name", "a digest", "a Mongo id"}
"""Letters and digits in no order: under a doubtful name they may well be secrets."""


@pytest.mark.parametrize(
    ("name", "value"),
    [("value", value) for value in HARMLESS.values()]
    + [(name, value) for name in ("state", "code") for what, value in HARMLESS.items() if what not in MIXED],
)
def test_what_is_no_secret_stays(name, value):
    assert Redactor()(exchange("POST /a", body={name: value})).request.json == {name: value}


# A second opinion: what detect-secrets calls a token of a service is one to us.
ISSUED = {
    "AWSKeyDetector": "AKIAIOSFODNN7ABCDEFG",
    "GitHubTokenDetector": GITHUB,
    "JwtTokenDetector": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "MailchimpDetector": "0a1b2c3d4e5f60718293a4b5c6d7e8f9-us12",
    "NpmDetector": "//registry.example/:_authToken=npm_" + "aB3d" * 9,
    "OpenAIDetector": "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",
    "PrivateKeyDetector": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    "SendGridDetector": "SG.Zk7pQ2mXv9RtLw4Ns8HyaB.Zk7pQ2mXv9RtLw4Ns8HyaB3xQ9Zk7pQ2mXv9RtLw4Ns",
    "SlackDetector": "xoxb-123456789012-Zk7pQ2mXv9RtLw4N",
    "SquareOAuthDetector": "sq0csp-Zk7pQ2mXv9RtLw4Ns8HyaB3xQ9Zk7pQ2mXv9RtLw4Ns",
    "StripeDetector": "sk_live_" + "aB3d" * 6,
    "TwilioKeyDetector": "SK0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "GitLabTokenDetector": "glpat-Zk7pQ2mXv9RtLw4Ns8Hy",
    "PypiTokenDetector": "pypi-AgEIcHlwaS5vcmc" + "aB3d" * 20,
    "TelegramBotTokenDetector": "123456789:AA" + "aB3" * 11,
}


@pytest.mark.parametrize("detector", ISSUED)
def test_detect_secrets_finds_no_token_that_we_miss(detector):
    text = ISSUED[detector]
    with transient_settings({"plugins_used": [{"name": detector}]}):
        theirs = list(scan.scan_line(text.partition("\n")[0]))
    assert theirs
    assert forms(text)
    left = Redactor().text(text)
    with transient_settings({"plugins_used": [{"name": detector}]}):
        assert not list(scan.scan_line(left))


OTHERS_OF_THEIRS = {
    "ArtifactoryDetector": "planted.py",
    "AzureStorageKeyDetector": "planted.py",
    "BasicAuthDetector": "planted.py",
    "DiscordBotTokenDetector": "planted.py",
    "Base64HighEntropyString": "we ask for small and capital letters and digits in one word",
    "HexHighEntropyString": "digests tell things apart",
    "KeywordDetector": "names are our own, in more languages",
    "IPPublicDetector": "an address is no secret",
    "CloudantDetector": "by the name before it",
    "IbmCloudIamDetector": "by the name before it",
    "IbmCosHmacDetector": "by the name before it",
    "SoftlayerDetector": "by the name before it",
}
"""Where we have the kinds of its other detectors, or why not."""


def test_each_detector_of_the_newest_detect_secrets_is_known_here():
    """`make update` renews it; a new detector is to be considered in `secrets.toml`."""
    theirs = {each.__name__ for each in get_mapping_from_secret_type_to_class().values()}
    assert theirs == ISSUED.keys() | OTHERS_OF_THEIRS.keys()
