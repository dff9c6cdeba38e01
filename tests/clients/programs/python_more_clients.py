"""Clients of Python that the product's own environment has not got, and such that use another loop or resolver."""

import asyncio
import io
import ssl
import sys
from pathlib import Path
from threading import Thread
from urllib.parse import urljoin, urlsplit

import aiohttp
import botocore.awsrequest
import botocore.httpsession
import httpx
import niquests
import pycurl
import pyreqwest.client
import treq
import uvloop
from exercise import JSON, exercise_all
from httpie.config import Config
from httpie.context import Environment
from httpie.core import main as httpie
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from twisted.internet import asyncioreactor


def by_httpx_async(method, url, body=None, *, http2=False):
    async def ask():
        async with httpx.AsyncClient(follow_redirects=True, http2=http2, timeout=20) as client:
            response = await client.request(method, url, content=body, headers=JSON if body else {})
            return response.status_code, response.text

    return asyncio.run(ask())


def by_httpx_http2(method, url, body=None):
    return by_httpx_async(method, url, body, http2=True)


async def with_aiohttp(method, url, body=None, connector=None, *, trust_env=False):
    async with (
        aiohttp.ClientSession(connector=connector, trust_env=trust_env) as session,
        session.request(method, url, data=body, headers=JSON if body else {}) as response,
    ):
        return response.status, await response.text()


def by_aiohttp_trust_env(method, url, body=None):
    return asyncio.run(with_aiohttp(method, url, body, trust_env=True))


def by_aiohttp_c_ares(method, url, body=None):
    async def ask():
        return await with_aiohttp(method, url, body, aiohttp.TCPConnector(resolver=aiohttp.AsyncResolver()))

    return asyncio.run(ask())


def by_aiohttp_uvloop(method, url, body=None):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(with_aiohttp(method, url, body))


async def with_httpx_no_env(method, url, body=None):
    context = httpx.create_ssl_context(trust_env=False)
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True, verify=context, timeout=20) as client:
        response = await client.request(method, url, content=body, headers=JSON if body else {})
        return response.status_code, response.text


def by_httpx_async_no_env(method, url, body=None):
    return asyncio.run(with_httpx_no_env(method, url, body))


def by_httpx_uvloop(method, url, body=None):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(with_httpx_no_env(method, url, body))


def by_asyncio_uvloop(method, url, body=None):
    """Streams on uvloop, and HTTP by hand."""

    async def ask():
        parts = urlsplit(url)
        context = ssl.create_default_context() if parts.scheme == "https" else None
        reader, writer = await asyncio.open_connection(parts.hostname, (context and 443) or 80, ssl=context)
        head = f"{method} {parts.path} HTTP/1.0\r\nhost: {parts.netloc}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
        writer.write(f"{head}\r\n".encode() + (body or b""))
        answer = (await reader.read()).decode()
        writer.close()
        return answer

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        head, _, text = runner.run(ask()).partition("\r\n\r\n")
    if "\r\nlocation: " in head:
        return by_asyncio_uvloop("GET", urljoin(url, head.partition("\r\nlocation: ")[2].partition("\r\n")[0]))
    return int(head.split()[1]), text


def by_niquests(method, url, body=None):
    with niquests.Session() as session:
        response = session.request(method, url, data=body, headers=JSON if body else {}, timeout=20)
    return response.status_code, response.text or ""


def by_tornado(method, url, body=None):
    async def ask():
        client = AsyncHTTPClient(force_instance=True)
        request = HTTPRequest(
            url, method, JSON if body else {}, body, request_timeout=20, allow_nonstandard_methods=True
        )
        response = await client.fetch(request, raise_error=False)
        client.close()
        return response.code, (response.body or b"").decode()

    return asyncio.run(ask())


def by_treq(method, url, body=None):
    """Twisted on a loop of asyncio: its reactor can be installed but once, so one thread takes all requests."""

    async def ask():
        response = await treq.request(method, url, data=body, headers=JSON if body else {}).asFuture(LOOP)
        return response.code, await treq.text_content(response).asFuture(LOOP)

    return asyncio.run_coroutine_threadsafe(ask(), LOOP).result(30)


def by_pycurl(method, url, body=None):
    curl, answer = pycurl.Curl(), io.BytesIO()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.CUSTOMREQUEST, method)
    curl.setopt(pycurl.FOLLOWLOCATION, 1)
    curl.setopt(pycurl.WRITEDATA, answer)
    if body:
        curl.setopt(pycurl.HTTPHEADER, ["content-type: application/json", "expect:"])
        curl.setopt(pycurl.POSTFIELDS, body)
    curl.perform()
    status = curl.getinfo(pycurl.RESPONSE_CODE)
    curl.close()
    return status, answer.getvalue().decode()


def by_botocore(method, url, body=None):
    """The transport of boto3, which leaves redirects to the service's own client."""
    request = botocore.awsrequest.AWSRequest(method, url, JSON if body else {}, body)
    response = botocore.httpsession.URLLib3Session(proxies=botocore.utils.get_environ_proxies(url)).send(
        request.prepare()
    )
    if response.status_code == 302:
        return by_botocore("GET", urljoin(url, response.headers["location"]))
    return response.status_code, response.text


def by_httpie(method, url, body=None):
    said = io.BytesIO()
    text = io.TextIOWrapper(said, encoding="utf-8", write_through=True)
    environment = Environment(
        config_dir=HTTPIE, stdin=None, stdin_isatty=True, stdout=text, stdout_isatty=False, stderr=io.StringIO()
    )
    words = ["--print=hb", "--follow", "--ignore-stdin", "--pretty=none", method, url]
    if body:
        words += ["content-type:application/json", f"--raw={body.decode()}"]
    httpie(["http", *words], environment)
    head, _, content = said.getvalue().decode().replace("\r\n", "\n").partition("\n\n")
    return int(head.split()[1]), content.strip()


def by_reqwest(method, url, body=None):
    async def ask():
        async with pyreqwest.client.ClientBuilder().build() as client:
            request = client.request(method, url)
            if body:
                request = request.body_bytes(body).header("content-type", "application/json")
            response = await request.build().send()
            return response.status, await response.text()

    return asyncio.run(ask())


def start_reactor():
    loop = asyncio.new_event_loop()
    asyncioreactor.install(loop)
    from twisted.internet import reactor  # noqa: PLC0415  # it is what was installed by then

    Thread(target=reactor.run, kwargs={"installSignalHandlers": False}, daemon=True).start()
    return loop


LOOP = start_reactor()
HTTPIE = Path("httpie")
settings = Config(HTTPIE)
settings["disable_update_warnings"] = True
settings.save()
CLIENTS = {
    "httpx-async": by_httpx_async,
    "httpx-http2": by_httpx_http2,
    "aiohttp-trust-env": by_aiohttp_trust_env,
    "aiohttp-c-ares": by_aiohttp_c_ares,
    "aiohttp-uvloop": by_aiohttp_uvloop,
    "httpx-async-no-env": by_httpx_async_no_env,
    "httpx-uvloop": by_httpx_uvloop,
    "asyncio-uvloop": by_asyncio_uvloop,
    "niquests": by_niquests,
    "tornado": by_tornado,
    "treq": by_treq,
    "pycurl": by_pycurl,
    "botocore": by_botocore,
    "httpie": by_httpie,
    "reqwest": by_reqwest,
}
chosen = sys.argv[1:] or CLIENTS
exercise_all({f"python-{name}": CLIENTS[name] for name in chosen})
