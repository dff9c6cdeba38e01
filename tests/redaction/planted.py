"""Secrets planted wherever one can hide: each kind with a made-up value, and what must not be left of it.

Three questions, asked in turn: under which names (`NAMES`), of which forms (`TOKENS`), and in which places (`PLACES`).
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from interceptor.values.exchange import Exchange
from tests.exchanges import exchange

PASSWORD = "hunter22pass"
RANDOM = "Zk7pQ2mXv9RtLw4Ns8HyaB3xQ9"
GITHUB = "ghp_" + "a1B2" * 9
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=b"


def mixed(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Letters that look random, the same each time: every character a fixed step after the one before."""
    return "".join(alphabet[(7 + 23 * index + index * index // 3) % len(alphabet)] for index in range(length))


def hexadecimal(length: int) -> str:
    return mixed(length, "0123456789abcdef")


def upper(length: int) -> str:
    return mixed(length, string.ascii_uppercase + string.digits)


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_NAMES = """
    password passwd pass pwd pw passphrase passcode pin PIN userPassword user_password user-password UserPassword
    new_password oldPassword password_confirmation passwordConfirm password2 repeat_password currentPassword
    db_password DB_PASS dbPwd smtp_pass ftpPassword rootPassword adminPassword admin_pass wifi_password masterPassword
    token tokens_secret access_token accessToken refresh_token refreshToken id_token idToken auth_token authToken
    bearer_token session_token sessionToken csrf_token csrfToken xsrf_token _csrf csrfmiddlewaretoken
    authenticity_token __RequestVerificationToken reset_token resetToken invite_token verification_token api_token
    apiToken bot_token botToken device_token push_token fcmToken registrationToken personal_access_token PRIVATE-TOKEN
    deploy_token job_token oauth_token oauth_token_secret oauth_verifier unsubscribe_token magic_token login_token
    secret client_secret clientSecret app_secret consumer_secret consumerSecret shared_secret sharedSecret
    webhook_secret webhookSecret signing_secret secret_key secretKey SECRET_KEY_BASE jwt_secret cookie_secret
    session_secret totp_secret otp_secret mfaSecret secretAccessKey aws_secret_access_key AWS_SECRET_ACCESS_KEY
    aws_session_token accessKeyId api_key apiKey apikey API-KEY x-api-key X-Auth-Key X-Custom-Key appKey app_key
    auth_key authKey access_key accessKey account_key accountKey private_key privateKey privateKeyPem encryption_key
    encryptionKey signing_key signingKey master_key masterKey license_key licenseKey service_key subscription_key
    Ocp-Apim-Subscription-Key host_key function_key storage_key storageKey ssh_key sshKey pgp_private_key
    deploy_key recovery_key recoveryKey activation_key product_key serial_key
    otp totp one_time_password oneTimeCode mfa_code mfaCode twoFactorCode sms_code verification_code verificationCode
    security_code securityCode cvv cvc cvv2 card_cvc cardNumber card_number ssn socialSecurityNumber
    authorization auth credentials credential basic_auth signature sig hmac nonce X-Hub-Signature X-Signature
    client_assertion assertion code_verifier SAMLResponse SAMLRequest saml_assertion session_id sessionId JSESSIONID
    PHPSESSID sid connect.sid ASP.NET_SessionId sessionKey session_key
    passwort kennwort geheimnis mot_de_passe motdepasse contraseña contrasena clave_secreta senha palavra-passe
    wachtwoord geheim lösenord losenord passord adgangskode salasana hasło haslo heslo jelszó parola password_hash
    şifre sifre lozinka geslo пароль секрет κωδικός סיסמה パスワード 暗証番号 密码 密碼 口令 비밀번호 رمز_عبور รหัสผ่าน
    mật_khẩu kata_sandi पासवर्ड kodeord lykilorð parole slaptažodis parool fjalëkalim salasõna
"""
NAMES = _NAMES.split()
DOUBTFUL = ("key", "code", "ticket", "hash", "session", "cookie", "seed", "salt", "state", "challenge", "license")
"""Under these what looks random is masked."""

TOKENS = {
    "AWS access key": "AKIA" + upper(16),
    "AWS temporary key": "ASIA" + upper(16),
    "GitHub personal": GITHUB,
    "GitHub OAuth": "gho_" + mixed(36),
    "GitHub user": "ghu_" + mixed(36),
    "GitHub server": "ghs_" + mixed(36),
    "GitHub refresh": "ghr_" + mixed(36),
    "GitHub fine-grained": "github_pat_" + mixed(22) + "_" + mixed(59),
    "GitLab personal": "glpat-" + mixed(20),
    "GitLab runner": "glrt-" + mixed(20),
    "GitLab deploy": "gldt-" + mixed(20),
    "GitLab trigger": "glptt-" + hexadecimal(40),
    "GitLab feed": "glft-" + mixed(20),
    "Slack bot": "xoxb-123456789012-" + mixed(24),
    "Slack user": "xoxp-123456789012-123456789012-" + hexadecimal(32),
    "Slack app": "xapp-1-A0123456789-1234567890123-" + hexadecimal(64),
    "Slack webhook": "https://hooks.slack.com/services/T00000000/B00000000/" + mixed(24),
    "Discord webhook": "https://discord.com/api/webhooks/123456789012345678/" + mixed(68),
    "Discord bot": "MTIzNDU2Nzg5MDEyMzQ1Njc4.GhIjKl." + mixed(38),
    "Stripe secret": "sk_live_" + mixed(24),
    "Stripe test": "sk_test_" + mixed(24),
    "Stripe restricted": "rk_live_" + mixed(24),
    "Stripe webhook": "whsec_" + mixed(32),
    "Google API": "AIza" + mixed(35),
    "Google OAuth": "ya29." + mixed(60),
    "Google client": "GOCSPX-" + mixed(28),
    "Google refresh": "1//0" + mixed(60),
    "npm": "npm_" + mixed(36),
    "PyPI": "pypi-AgEIcHlwaS5vcmc" + mixed(80),
    "RubyGems": "rubygems_" + hexadecimal(48),
    "crates.io": "cio" + mixed(32),
    "NuGet": "oy2" + mixed(43, string.ascii_lowercase + string.digits),
    "OpenAI project": "sk-proj-" + mixed(48),
    "OpenAI": "sk-" + mixed(48),
    "Anthropic": "sk-ant-api03-" + mixed(93) + "AA",
    "Hugging Face": "hf_" + mixed(34),
    "Replicate": "r8_" + mixed(37),
    "Groq": "gsk_" + mixed(52),
    "Perplexity": "pplx-" + mixed(48),
    "xAI": "xai-" + mixed(80),
    "SendGrid": "SG." + mixed(22) + "." + mixed(43),
    "Mailgun": "key-" + hexadecimal(32),
    "Mailchimp": hexadecimal(32) + "-us12",
    "Brevo": "xkeysib-" + hexadecimal(64) + "-" + mixed(16),
    "Resend": "re_" + mixed(8) + "_" + mixed(24),
    "Postmark-like": "pm_" + mixed(36),
    "Twilio account": "AC" + hexadecimal(32),
    "Twilio key": "SK" + hexadecimal(32),
    "Telegram": "123456789:AA" + mixed(33),
    "Square": "sq0csp-" + mixed(43),
    "Square access": "EAAA" + mixed(60),
    "Facebook": "EAACEdEose0cBA" + mixed(60),
    "PayPal Braintree": "access_token$production$"
    + mixed(16, string.ascii_lowercase + string.digits)
    + "$"
    + hexadecimal(32),
    "Plaid": "access-sandbox-" + "8ab976e6-64bc-4b38-98f7-731e7a349970",
    "Shopify": "shpat_" + hexadecimal(32),
    "Shopify secret": "shpss_" + hexadecimal(32),
    "Vault service": "hvs." + mixed(90),
    "Vault batch": "hvb." + mixed(140),
    "Terraform": mixed(14) + ".atlasv1." + mixed(67),
    "Docker": "dckr_pat_" + mixed(27),
    "Databricks": "dapi" + hexadecimal(32),
    "DigitalOcean": "dop_v1_" + hexadecimal(64),
    "Heroku": "HRKU-" + mixed(60),
    "Fly": "fo1_" + mixed(43),
    "Netlify": "nfp_" + mixed(36),
    "Vercel": "vcp_" + mixed(56),
    "Supabase": "sbp_" + hexadecimal(40),
    "PlanetScale": "pscale_tkn_" + mixed(43),
    "Neon": "napi_" + mixed(64),
    "Cloudflare": "v1.0-" + hexadecimal(24) + "-" + hexadecimal(146),
    "Atlassian": "ATATT3xFfGF0" + mixed(180),
    "Bitbucket": "ATBB" + mixed(32),
    "Linear": "lin_api_" + mixed(40),
    "Notion": "ntn_" + mixed(46),
    "Notion of old": "secret_" + mixed(43),
    "Figma": "figd_" + mixed(43),
    "Airtable": "pat" + mixed(14) + "." + hexadecimal(64),
    "Asana": "2/1234567890123456/1234567890123456:" + hexadecimal(32),
    "Dropbox": "sl." + mixed(135),
    "HubSpot": "pat-na1-" + "8ab976e6-64bc-4b38-98f7-731e7a349970",
    "Typeform": "tfp_" + mixed(59),
    "Contentful": "CFPAT-" + mixed(43),
    "Algolia-like": hexadecimal(0) + "ALGOLIA_" + mixed(32),
    "New Relic": "NRAK-" + upper(27),
    "Datadog-like": "ddp_" + mixed(36),
    "Grafana cloud": "glc_" + mixed(60),
    "Grafana service account": "glsa_" + mixed(32) + "_" + hexadecimal(8),
    "Sentry": "sntrys_" + mixed(80),
    "Dynatrace": "dt0c01." + upper(24) + "." + upper(64),
    "Postman": "PMAK-" + hexadecimal(24) + "-" + hexadecimal(34),
    "Doppler": "dp.pt." + mixed(43),
    "Infracost": "ico-" + mixed(32),
    "Pulumi": "pul-" + hexadecimal(40),
    "Prefect": "pnu_" + mixed(36),
    "Buildkite": "bkua_" + hexadecimal(40),
    "CircleCI": "CCIPAT_" + mixed(22) + "_" + hexadecimal(40),
    "Snyk-like": "snyk_uat." + mixed(40),
    "SonarQube": "sqp_" + hexadecimal(40),
    "Artifactory": "AKC" + mixed(70),
    "1Password": "ops_eyJ" + mixed(100),
    "age": "AGE-SECRET-KEY-1" + mixed(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    "Alibaba": "LTAI" + mixed(20),
    "Tencent": "AKID" + mixed(32),
    "Yandex": "AQVN" + mixed(36),
    "IBM-like": "ibm_" + mixed(44),
    "Azure Entra": mixed(3) + "8Q~" + mixed(34),
    "Azure storage": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + mixed(86) + "==",
    "Azure SAS": "https://a.blob.example/c?sv=2022-11-02&sig=" + quote(base64_of(mixed(30)), safe=""),
    "Okta": "00" + mixed(40),
    "Auth0-like": "auth0_" + mixed(40),
    "LaunchDarkly": "sdk-" + "8ab976e6-64bc-4b38-98f7-731e7a349970",
    "Mapbox": "sk.eyJ1IjoiYSIsImEiOiJj" + mixed(20) + "." + mixed(22),
    "JWT": JWT,
    "unsigned JWT with claims": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.",
    "JWE": ".".join(("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0", "", mixed(16), mixed(40), mixed(22))),
    "RSA key": f"-----BEGIN RSA PRIVATE KEY-----\n{mixed(64)}\n-----END RSA PRIVATE KEY-----",
    "EC key": f"-----BEGIN EC PRIVATE KEY-----\n{mixed(64)}\n-----END EC PRIVATE KEY-----",
    "OpenSSH key": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{mixed(64)}\n-----END OPENSSH PRIVATE KEY-----",
    "encrypted key": f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{mixed(64)}\n-----END ENCRYPTED PRIVATE KEY-----",
    "PGP key": f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{mixed(64)}\n-----END PGP PRIVATE KEY BLOCK-----",
    "a key cut off": f"-----BEGIN PRIVATE KEY-----\n{mixed(64)}\n{mixed(30)}",
    "PuTTY key": f"PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{mixed(48)}\nPrivate-MAC: {hexadecimal(64)}",
    "Visa": "4111111111111111",
    "Visa in groups": "4111 1111 1111 1111",
    "Mastercard": "5555-5555-5555-4444",
    "American Express": "378282246310005",
    "a URL's password": f"https://ada:{PASSWORD}@host.example/x",
    "a database's URL": f"postgres://ada:{PASSWORD}@db.example:5432/x",
    "Redis without a user": f"redis://:{PASSWORD}@cache.example:6379/0",
    "MongoDB": f"mongodb+srv://ada:{PASSWORD}@c0.example/x?retryWrites=true",
    "AMQP": f"amqp://ada:{PASSWORD}@mq.example:5672/vhost",
    "JDBC": f"jdbc:postgresql://h/db?user=a&password={PASSWORD}",
    "JDBC of SQL Server": f"jdbc:sqlserver://h;databaseName=d;user=a;password={PASSWORD};encrypt=true",
    "JDBC of Oracle": f"jdbc:oracle:thin:ada/{PASSWORD}@//h:1521/x",
    "ADO": f"Server=h;Database=d;User Id=a;Password={PASSWORD};",
    "ODBC": f"DRIVER={{x}};SERVER=h;UID=a;PWD={PASSWORD}",
    "libpq": f"host=h dbname=d user=a password={PASSWORD}",
    "netrc": f"machine h login a password {PASSWORD}",
    "curl's option": f"curl -u ada:{PASSWORD} https://h/",
    "a command's option": f"mysql --user=a --password={PASSWORD} d",
    "a header in text": f"Authorization: Bearer {RANDOM}",
    "Basic in text": f"Authorization: Basic {base64_of('ada:' + PASSWORD)}",
    "Bearer in a sentence": f"I sent Bearer {RANDOM} twice",
    "an htpasswd line": "ada:$apr1$" + mixed(8) + "$" + mixed(22),
    "bcrypt": "$2b$12$" + mixed(53),
    "argon2": "$argon2id$v=19$m=65536,t=3,p=4$" + mixed(22) + "$" + mixed(43),
    "crypt": "$6$" + mixed(16) + "$" + mixed(86),
    "base64 of a token": base64_of(GITHUB),
    "base64 of a pair": base64_of(f"token={GITHUB}"),
    "base64 of JSON": base64_of(json.dumps({"user": "a", "password": PASSWORD})),
    "base64 of a URL": base64_of(f"https://ada:{PASSWORD}@h/x"),
    "otpauth": f"otpauth://totp/a:b?secret={mixed(32, string.ascii_uppercase + '234567')}&issuer=a",
}
CORES = {
    "a URL's password": PASSWORD,
    "a database's URL": PASSWORD,
    "Redis without a user": PASSWORD,
    "MongoDB": PASSWORD,
    "AMQP": PASSWORD,
    "JDBC": PASSWORD,
    "JDBC of SQL Server": PASSWORD,
    "JDBC of Oracle": PASSWORD,
    "ADO": PASSWORD,
    "ODBC": PASSWORD,
    "libpq": PASSWORD,
    "netrc": PASSWORD,
    "curl's option": PASSWORD,
    "a command's option": PASSWORD,
    "a header in text": RANDOM,
    "Basic in text": base64_of("ada:" + PASSWORD),
    "Bearer in a sentence": RANDOM,
    "Azure storage": mixed(86),
    "Azure SAS": quote(base64_of(mixed(30)), safe=""),
    "Slack webhook": mixed(24),
    "Discord webhook": mixed(68),
    "PuTTY key": mixed(48),
    "otpauth": mixed(32, string.ascii_uppercase + "234567"),
    "an htpasswd line": mixed(22),
}
"""What must not be left of a token, where that is not the whole."""

_PART = '--b\r\ncontent-disposition: form-data; name="{}"{}\r\n\r\n{}\r\n--b--\r\n'
_LOGIN = 'mutation {{ login(user: "a", password: "{}") {{ id }} }}'
_MEMBER = {"password": PASSWORD}


def _request(body: str | bytes, content_type: str, line: str = "POST /a", **headers: str) -> Exchange:
    sent = body if isinstance(body, bytes) else body.encode()
    return exchange(line, body=sent, headers={"content-type": content_type, **headers})


def _answer(body: Any, headers: dict[str, str] | None = None, generated: tuple[str, ...] = ()) -> Exchange:
    """An answer that echoes the password of its request."""
    return exchange("POST /a", body, body=_MEMBER, response_headers=headers or {}, generated=list(generated))


def _json(value: Any) -> Exchange:
    return _request(json.dumps(value, ensure_ascii=False), JSON)


PLACES: dict[str, tuple[Exchange, str]] = {
    "authorization: Bearer": (exchange("GET /a", headers={"authorization": f"Bearer {RANDOM}"}), RANDOM),
    "authorization: Basic": (
        exchange("GET /a", headers={"authorization": f"Basic {base64_of('a:' + PASSWORD)}"}),
        base64_of("a:" + PASSWORD),
    ),
    "authorization: Digest": (
        exchange("GET /a", headers={"authorization": f'Digest username="a", response="{RANDOM}"'}),
        RANDOM,
    ),
    "authorization without a scheme": (exchange("GET /a", headers={"authorization": RANDOM}), RANDOM),
    "proxy-authorization": (exchange("GET /a", headers={"proxy-authorization": f"Bearer {RANDOM}"}), RANDOM),
    "a cookie": (exchange("GET /a", headers={"cookie": f"theme=dark; x={RANDOM}"}), RANDOM),
    "x-api-key": (exchange("GET /a", headers={"x-api-key": PASSWORD}), PASSWORD),
    "x-vendor-key": (exchange("GET /a", headers={"x-vendor-key": PASSWORD}), PASSWORD),
    "x-amz-security-token": (exchange("GET /a", headers={"x-amz-security-token": PASSWORD}), PASSWORD),
    "x-csrf-token": (exchange("GET /a", headers={"x-csrf-token": PASSWORD}), PASSWORD),
    "a token in any header": (exchange("GET /a", headers={"x-note": f"with {GITHUB}"}), GITHUB),
    "what looks random in a header": (exchange("GET /a", headers={"x-note": RANDOM}), RANDOM),
    "JSON in a header": (exchange("GET /a", headers={"x-context": json.dumps(_MEMBER)}), PASSWORD),
    "base64 of JSON in a header": (
        exchange("GET /a", headers={"x-context": base64_of(json.dumps(_MEMBER))}),
        base64_of(json.dumps(_MEMBER)),
    ),
    "a pair in a header": (exchange("GET /a", headers={"x-context": f"user=a; password={PASSWORD}"}), PASSWORD),
    "a URL in a referer": (exchange("GET /a", headers={"referer": f"https://a.example/b?token={PASSWORD}"}), PASSWORD),
    "forwarded cookies": (exchange("GET /a", headers={"x-forwarded-cookie": f"sid={RANDOM}"}), RANDOM),
    "sec-websocket-protocol": (exchange("GET /a", headers={"sec-websocket-protocol": f"v1, {JWT}"}), JWT),
    "a named query parameter": (exchange(f"GET /a?token={PASSWORD}"), PASSWORD),
    "a query name in capitals": (exchange(f"GET /a?API_KEY={PASSWORD}"), PASSWORD),
    "a query name in brackets": (exchange(f"GET /a?user%5Bpassword%5D={PASSWORD}"), PASSWORD),
    "a query name with an index": (exchange(f"GET /a?users[0][password]={PASSWORD}"), PASSWORD),
    "a query name with a dot": (exchange(f"GET /a?user.password={PASSWORD}"), PASSWORD),
    "a bare token": (exchange(f"GET /a?{GITHUB}"), GITHUB),
    "a bare JWT": (exchange(f"GET /a?{JWT}"), JWT),
    "a bare random value": (exchange(f"GET /a?{RANDOM}"), RANDOM),
    "a random value": (exchange(f"GET /a?z={RANDOM}"), RANDOM),
    "a token under any name": (exchange(f"GET /a?z={GITHUB}"), GITHUB),
    "a URL in a parameter": (
        exchange(f"GET /a?next={quote(f'https://a.example/b?token={PASSWORD}', safe='')}"),
        PASSWORD,
    ),
    "a URL in a URL in a parameter": (
        exchange(
            "GET /a?next="
            + quote("https://a.example/b?next=" + quote(f"https://c.example/?token={PASSWORD}", safe=""), safe="")
        ),
        PASSWORD,
    ),
    "a path with a query in a parameter": (exchange(f"GET /a?next={quote(f'/b?token={PASSWORD}', safe='')}"), PASSWORD),
    "JSON in a parameter": (exchange(f"GET /a?filter={quote(json.dumps(_MEMBER), safe='')}"), PASSWORD),
    "a pair in a parameter": (exchange(f"GET /a?q={quote(f'password={PASSWORD}', safe='')}"), PASSWORD),
    "separated by semicolons": (exchange(f"GET /a?x=1;token={PASSWORD}"), PASSWORD),
    "encoded twice": (exchange(f"GET /a?token={quote(quote('päss' + RANDOM, safe=''), safe='')}"), RANDOM),
    "a code of OAuth": (exchange(f"GET /callback?code={RANDOM}&page=2"), RANDOM),
    "a signed URL of S3": (exchange(f"GET /a?X-Amz-Signature={hexadecimal(64)}&X-Amz-Expires=60"), hexadecimal(64)),
    "a signed URL of GCS": (exchange(f"GET /a?X-Goog-Signature={hexadecimal(128)}"), hexadecimal(128)),
    "a SAS": (exchange(f"GET /a?sv=2022&sig={PASSWORD}"), PASSWORD),
    "a matrix parameter": (exchange(f"GET /a;jsessionid={RANDOM}/b"), RANDOM),
    "a matrix parameter that is named": (exchange(f"GET /a;token={PASSWORD}/b"), PASSWORD),
    "a segment": (exchange(f"GET /bot/{GITHUB}/send"), GITHUB),
    "a segment that looks random": (exchange(f"GET /reset/{RANDOM}"), RANDOM),
    "a segment behind its name": (exchange(f"GET /token/{RANDOM}/x"), RANDOM),
    "a bot's segment": (exchange("GET /bot123456789:AA" + mixed(33) + "/getMe"), mixed(33)),
    "an encoded segment": (exchange(f"GET /a/{quote('x ' + GITHUB, safe='')}"), GITHUB),
    "a member": (_json(_MEMBER), PASSWORD),
    "a deep member": (_json({"a": [{"b": {"c": _MEMBER}}]}), PASSWORD),
    "an object under a secret name": (_json({"credentials": {"a": PASSWORD, "n": 1}}), PASSWORD),
    "a list under a secret name": (_json({"passwords": [PASSWORD, "x"]}), PASSWORD),
    "a number under a secret name": (_json({"pin": 739214}), "739214"),
    "a number of a card": (_json({"x": 4111111111111111}), "4111111111111111"),
    "a name that is a token": (_json({GITHUB: 1}), GITHUB),
    "a name that is a JWT": (_json({JWT: {"a": 1}}), JWT),
    "a name and a value": (_json({"name": "password", "value": PASSWORD}), PASSWORD),
    "a key and a value": (_json([{"key": "api_key", "value": PASSWORD}]), PASSWORD),
    "a header as data": (_json({"headers": {"Authorization": f"Bearer {PASSWORD}"}}), PASSWORD),
    "headers as pairs": (_json({"headers": [["Authorization", f"Bearer {RANDOM}"]]}), RANDOM),
    "JSON in JSON": (_json({"data": json.dumps(_MEMBER)}), PASSWORD),
    "JSON in JSON in JSON": (_json({"a": json.dumps({"b": json.dumps(_MEMBER)})}), PASSWORD),
    "JSON with blanks in JSON": (_json({"data": " \n" + json.dumps(_MEMBER)}), PASSWORD),
    "a form in JSON": (_json({"body": urlencode({"user": "a", "password": PASSWORD})}), PASSWORD),
    "XML in JSON": (_json({"xml": f"<a><password>{PASSWORD}</password></a>"}), PASSWORD),
    "YAML in JSON": (_json({"text": f"user: a\npassword: {PASSWORD}\n"}), PASSWORD),
    "a query of GraphQL": (_json({"query": _LOGIN.format(PASSWORD)}), PASSWORD),
    "variables of GraphQL": (_json({"query": "mutation($p: X){l(p: $p)}", "variables": _MEMBER}), PASSWORD),
    "an object in GraphQL": (
        _json({"query": f'mutation {{ login(input: {{password: "{PASSWORD}"}}) {{ id }} }}'}),
        PASSWORD,
    ),
    "a block string of GraphQL": (_json({"query": f'mutation {{ l(password: """{PASSWORD}""") }}'}), PASSWORD),
    "GraphQL by itself": (_request(_LOGIN.format(PASSWORD), "application/graphql"), PASSWORD),
    "GraphQL in a query": (exchange(f"GET /graphql?query={quote(_LOGIN.format(PASSWORD), safe='')}"), PASSWORD),
    "escaped slashes": (_request(f'{{"u":"https:\\/\\/ada:{PASSWORD}@h\\/x"}}', JSON), PASSWORD),
    "escaped characters": (_request('{"x":"ghp\\u005f' + "a1B2" * 9 + '"}', JSON), "a1B2" * 9),
    "an escaped name": (_request(f'{{"pass\\u0077ord":"{PASSWORD}"}}', JSON), PASSWORD),
    "JSON with an odd byte": (_request(b'{"u":"\xff","password":"' + PASSWORD.encode() + b'"}', JSON), PASSWORD),
    "JSON that is cut off": (_request(f'{{"user":"a","password":"{PASSWORD}","x', JSON), PASSWORD),
    "JSON with comments": (_request(f'// a\n{{"password": "{PASSWORD}",}}', JSON), PASSWORD),
    "JSON lines": (_request(f'{{"a":1}}\n{{"password":"{PASSWORD}"}}\n', "application/x-ndjson"), PASSWORD),
    "a sequence of JSON": (_request(f'\x1e{{"password":"{PASSWORD}"}}\n', "application/json-seq"), PASSWORD),
    "JSON called text": (_request(json.dumps(_MEMBER), "text/plain"), PASSWORD),
    "JSON without a type": (exchange("POST /a", body=json.dumps(_MEMBER).encode()), PASSWORD),
    "JSON with a guard": (_request(")]}',\n" + json.dumps(_MEMBER), JSON), PASSWORD),
    "JSON with a mark": (_request("\ufeff" + json.dumps(_MEMBER), JSON), PASSWORD),
    "JSON:API": (_request(json.dumps({"data": {"attributes": _MEMBER}}), "application/vnd.api+json"), PASSWORD),
    "a JWS in JSON": (_json({"x": JWT}), JWT),
    "a patch": (
        _request(
            json.dumps([{"op": "replace", "path": "/password", "value": PASSWORD}]), "application/json-patch+json"
        ),
        PASSWORD,
    ),
    "a form": (_request(urlencode({"user": "a", "password": PASSWORD}), FORM), PASSWORD),
    "a form with an odd byte": (_request(b"user=\xff&password=" + PASSWORD.encode(), FORM), PASSWORD),
    "a form with brackets": (_request(f"user%5Bpassword%5D={PASSWORD}", FORM), PASSWORD),
    "JSON in a form": (_request(urlencode({"payload": json.dumps(_MEMBER)}), FORM), PASSWORD),
    "a URL in a form": (_request(urlencode({"u": f"https://ada:{PASSWORD}@h/x"}), FORM), PASSWORD),
    "a form called text": (_request(f"user=a&password={PASSWORD}", "text/plain"), PASSWORD),
    "a form without a type": (exchange("POST /a", body=f"user=a&password={PASSWORD}".encode()), PASSWORD),
    "a part": (_request(_PART.format("password", "", PASSWORD), MULTIPART), PASSWORD),
    "a part with a token": (_request(_PART.format("note", "", GITHUB), MULTIPART), GITHUB),
    "a part with JSON": (
        _request(_PART.format("meta", "\r\ncontent-type: application/json", json.dumps(_MEMBER)), MULTIPART),
        PASSWORD,
    ),
    "a part with JSON of no type": (_request(_PART.format("meta", "", json.dumps(_MEMBER)), MULTIPART), PASSWORD),
    "a part with a form": (
        _request(_PART.format("x", f"\r\ncontent-type: {FORM}", f"a=1&password={PASSWORD}"), MULTIPART),
        PASSWORD,
    ),
    "a part with XML": (
        _request(_PART.format("x", "\r\ncontent-type: text/xml", f"<password>{PASSWORD}</password>"), MULTIPART),
        PASSWORD,
    ),
    "a file of settings": (
        _request(
            _PART.format("f", '; filename=".env"\r\ncontent-type: text/plain', f"A=1\nDB_PASSWORD={PASSWORD}"),
            MULTIPART,
        ),
        PASSWORD,
    ),
    "a file with a key": (_request(_PART.format("f", '; filename="id"', TOKENS["RSA key"]), MULTIPART), mixed(64)),
    "a part beside bytes": (
        _request(
            _PART.format("f", '; filename="a.png"', "\xff\xfe").encode("latin-1")[:-7]
            + _PART.format("password", "", PASSWORD).encode(),
            MULTIPART,
        ),
        PASSWORD,
    ),
    "a name of a part": (_request(_PART.format(GITHUB, "", "x"), MULTIPART), GITHUB),
    "an element": (_request(f"<a><password>{PASSWORD}</password></a>", "application/xml"), PASSWORD),
    "an element in capitals": (_request(f"<A><PASSWORD>{PASSWORD}</PASSWORD></A>", "text/xml"), PASSWORD),
    "an attribute": (_request(f'<login user="a" password="{PASSWORD}"/>', "application/xml"), PASSWORD),
    "an attribute in single quotes": (_request(f"<login password='{PASSWORD}'/>", "application/xml"), PASSWORD),
    "CDATA": (_request(f"<a><password><![CDATA[{PASSWORD}]]></password></a>", "application/xml"), PASSWORD),
    "a nested element": (
        _request(f"<a><password><value>{PASSWORD}</value></password></a>", "application/xml"),
        PASSWORD,
    ),
    "text beside a nested element": (
        _request(f"<a><password><b/>{PASSWORD}</password></a>", "application/xml"),
        PASSWORD,
    ),
    "a named element": (_request(f'<f><field name="password">{PASSWORD}</field></f>', "application/xml"), PASSWORD),
    "a named element of another kind": (
        _request(f'<f><add key="DbPassword" value="{PASSWORD}"/></f>', "application/xml"),
        PASSWORD,
    ),
    "an element with a prefix": (_request(f"<w:Password>{PASSWORD}</w:Password>", "text/xml"), PASSWORD),
    "SOAP": (
        _request(
            f"<s:Envelope><wsse:Password Type='x'>{PASSWORD}</wsse:Password></s:Envelope>", "application/soap+xml"
        ),
        PASSWORD,
    ),
    "a comment": (_request(f"<a><!-- password={PASSWORD} --></a>", "application/xml"), PASSWORD),
    "a token in an element": (_request(f"<a><b>{GITHUB}</b></a>", "application/xml"), GITHUB),
    "a random value in an element": (_request(f"<a><b>{RANDOM}</b></a>", "application/xml"), RANDOM),
    "a random value in an attribute": (_request(f'<a b="{RANDOM}"/>', "application/xml"), RANDOM),
    "a plist": (_request(f"<dict><key>password</key><string>{PASSWORD}</string></dict>", "application/xml"), PASSWORD),
    "XML-RPC": (
        _request(f"<member><name>password</name><value><string>{PASSWORD}</string></value></member>", "text/xml"),
        PASSWORD,
    ),
    "a hidden input": (_request(f'<input type=hidden name="csrf_token" value="{PASSWORD}">', "text/html"), PASSWORD),
    "a hidden input turned round": (
        _request(f'<input value="{PASSWORD}" name="csrf_token" type=hidden>', "text/html"),
        PASSWORD,
    ),
    "a meta element": (_request(f'<meta name="csrf-token" content="{PASSWORD}">', "text/html"), PASSWORD),
    "a script in a page": (_request(f'<script>window.x = {{"apiKey": "{PASSWORD}"}}</script>', "text/html"), PASSWORD),
    "UTF-16 with a mark": (_request(json.dumps(_MEMBER).encode("utf-16"), JSON), PASSWORD),
    "UTF-16 by its charset": (_request(json.dumps(_MEMBER).encode("utf-16-le"), f"{JSON}; charset=utf-16le"), PASSWORD),
    "UTF-16 without a word": (_request(json.dumps(_MEMBER).encode("utf-16-be"), JSON), PASSWORD),
    "UTF-32": (_request(json.dumps(_MEMBER).encode("utf-32"), JSON), PASSWORD),
    "another charset": (
        _request(f"für password={PASSWORD}".encode("latin-1"), "text/plain; charset=iso-8859-1"),
        PASSWORD,
    ),
    "a Japanese charset": (
        _request(f"パスワード={PASSWORD}".encode("shift_jis"), "text/plain; charset=shift_jis"),
        PASSWORD,
    ),
    "YAML": (_request(f"user: a\npassword: {PASSWORD}\n", "application/yaml"), PASSWORD),
    "YAML in quotes": (_request(f"user: a\npassword: '{PASSWORD}'\n", "application/yaml"), PASSWORD),
    "a list of YAML": (_request(f"users:\n  - password: {PASSWORD}\n", "application/yaml"), PASSWORD),
    "a block of YAML": (_request(f"password: |\n  {PASSWORD}\n", "application/yaml"), PASSWORD),
    "INI": (_request(f"[db]\npassword={PASSWORD}\n", "text/plain"), PASSWORD),
    "INI with blanks": (_request(f"[db]\npassword = {PASSWORD}\n", "text/plain"), PASSWORD),
    "TOML": (_request(f'[db]\npassword = "{PASSWORD}"\n', "application/toml"), PASSWORD),
    "properties": (_request(f"db.password={PASSWORD}\n", "text/plain"), PASSWORD),
    "an environment": (_request(f"export API_KEY={PASSWORD}\n", "text/plain"), PASSWORD),
    "an environment in quotes": (_request(f'API_KEY="{PASSWORD}"\n', "text/plain"), PASSWORD),
    "a log line": (_request(f"INFO login user=a password={PASSWORD} ok", "text/plain"), PASSWORD),
    "a log line in JSON": (_json({"message": f"login user=a password={PASSWORD} ok"}), PASSWORD),
    "a sentence": (_json({"message": f"The password is: {PASSWORD}"}), PASSWORD),
    "CSV": (_request(f"user,password\nada,{PASSWORD}\n", "text/csv"), PASSWORD),
    "an event stream": (_request(f'data: {{"password":"{PASSWORD}"}}\n\n', "text/event-stream"), PASSWORD),
    "JavaScript": (_request(f'const apiKey = "{PASSWORD}"', "text/javascript"), PASSWORD),
    "a call in JavaScript": (_request(f"callback({json.dumps(_MEMBER)})", "application/javascript"), PASSWORD),
    "SQL": (_request(f"ALTER USER a IDENTIFIED BY '{PASSWORD}'", "application/sql"), PASSWORD),
    "a token in text": (_request(f"I said {GITHUB}, twice", "text/plain"), GITHUB),
    "a random value by itself": (_request(f"{RANDOM}\n", "text/plain"), RANDOM),
    "a password by itself at a path for it": (_request(PASSWORD, "text/plain", "PUT /users/1/password"), PASSWORD),
    "MessagePack": (_request(b"\x81\xa8password\xac" + PASSWORD.encode(), "application/msgpack"), PASSWORD),
    "protobuf with a token": (_request(b"\x0a\x28" + GITHUB.encode(), "application/x-protobuf"), GITHUB),
    "bytes with a token": (_request(b"\x00\x01\xff " + GITHUB.encode() + b" \xfe", "application/octet-stream"), GITHUB),
    "echoed in a header": (_answer({"ok": True}, {"x-echo": f"u/{PASSWORD}"}, ("response.headers.x-echo",)), PASSWORD),
    "echoed in a location": (
        _answer({"ok": True}, {"location": f"/u/{PASSWORD}"}, ("response.headers.location",)),
        PASSWORD,
    ),
    "echoed in a cookie": (
        _answer({"ok": True}, {"set-cookie": f"a={PASSWORD}; Path=/"}, ("response.headers.set-cookie",)),
        PASSWORD,
    ),
    "echoed in JSON": (_answer({"said": f"it was {PASSWORD}"}, generated=("response.$.said",)), PASSWORD),
    "echoed in a name of JSON": (_answer({"x": {PASSWORD: 1}}, generated=("response.$.x",)), PASSWORD),
    "echoed in an event stream": (
        _answer(f"data: {PASSWORD}\n\n".encode(), {"content-type": "text/event-stream"}, ("response.body",)),
        PASSWORD,
    ),
    "echoed in text": (
        _answer(f"you said {PASSWORD}".encode(), {"content-type": "text/plain"}, ("response.body",)),
        PASSWORD,
    ),
    "echoed in XML": (
        _answer(f"<a>{PASSWORD}</a>".encode(), {"content-type": "text/xml"}, ("response.body",)),
        PASSWORD,
    ),
    "echoed in base64": (_answer({"x": base64_of(PASSWORD)}, generated=("response.$.x",)), base64_of(PASSWORD)),
    "echoed in capitals": (_answer({"x": PASSWORD.upper()}, generated=("response.$.x",)), PASSWORD.upper()),
    "in a test's name": (exchange("POST /a", body=_MEMBER, test=f"test_login[{PASSWORD}]"), PASSWORD),
    "a token in a test's name": (exchange("GET /a", test=f"test_login[{GITHUB}]"), GITHUB),
    "a random value in a test's name": (exchange("GET /a", test=f"test_login[{RANDOM}]"), RANDOM),
    "in a state": (exchange("POST /a", body=_MEMBER, states=[f"the user has {PASSWORD}"]), PASSWORD),
    "a token in a state": (exchange("GET /a", states=[f"the user has {GITHUB}"]), GITHUB),
    "in the name of an exchange": (exchange("POST /a", body=_MEMBER, name=f"a login with {PASSWORD}"), PASSWORD),
}
"""By where it is: an exchange, and what must not be left of it."""

KEPT = {
    "a password by itself at a path for it": "nothing in the value or before it says that it is one",
    "MessagePack": "a binary format; names in it are not read, tokens of known forms are masked",
    "echoed in capitals": "a secret that is changed is another text",
    "a random value in a test's name": "the name is the test's own, and says what was tested",
}
"""What is left as it is, and why."""


@dataclass(frozen=True)
class Planted:
    """One kind: what is noted, and what must not be left in it."""

    exchange: Exchange
    secret: str


def planted() -> Iterator[tuple[str, Planted]]:
    """Every kind by its name."""
    for name in NAMES:
        yield f"name: {name}", Planted(_json({name: PASSWORD}), PASSWORD)
    for name in DOUBTFUL:
        yield f"doubtful name: {name}", Planted(_json({name: "q7W91aoMsCeL"}), "q7W91aoMsCeL")
    for kind, token in TOKENS.items():
        yield f"token: {kind}", Planted(_json({"note": token}), CORES.get(kind, token))
    for place, (noted, secret) in PLACES.items():
        yield f"place: {place}", Planted(noted, secret)
