"""The clients of Python: each does what every client here does, by the same steps."""

import asyncio
import http.client
import ssl
import urllib.request
from functools import partial
from urllib.parse import urljoin, urlsplit

import aiohttp
import httpx
import requests
import urllib3
from exercise import JSON, exercise_all


def by_urllib(method, url, body=None):
    request = urllib.request.Request(url, body, JSON if body else {}, method=method)
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.status, response.read().decode()


def by_http_client(method, url, body=None):
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=20)
    connection.request(method, parts.path, body, JSON if body else {})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    location = response.headers["location"]
    return (
        by_http_client("GET", urljoin(url, location))
        if location and response.status == 302
        else (response.status, text)
    )


def by_urllib3(method, url, body=None):
    response = urllib3.PoolManager().request(method, url, body=body, headers=JSON if body else {})
    return response.status, response.data.decode()


def by_requests(method, url, body=None, *, trust_env=True):
    with requests.Session() as session:
        session.trust_env = trust_env
        response = session.request(method, url, data=body, headers=JSON if body else {}, timeout=20)
    return response.status_code, response.text


def by_httpx(method, url, body=None, *, trust_env=True):
    context = httpx.create_ssl_context(trust_env=trust_env)
    with httpx.Client(trust_env=trust_env, follow_redirects=True, verify=context) as client:
        response = client.request(method, url, content=body, headers=JSON if body else {})
    return response.status_code, response.text


def by_aiohttp(method, url, body=None):
    async def ask():
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=body, headers=JSON if body else {}) as response,
        ):
            return response.status, await response.text()

    return asyncio.run(ask())


def by_asyncio(method, url, body=None):
    """Streams of asyncio itself, and HTTP by hand."""

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

    head, _, text = asyncio.run(ask()).partition("\r\n\r\n")
    if "\r\nlocation: " in head:
        return by_asyncio("GET", urljoin(url, head.partition("\r\nlocation: ")[2].partition("\r\n")[0]))
    return int(head.split()[1]), text


CLIENTS = {
    "urllib": by_urllib,
    "http-client": by_http_client,
    "urllib3": by_urllib3,
    "requests": by_requests,
    "requests-no-env": partial(by_requests, trust_env=False),
    "httpx": by_httpx,
    "httpx-no-env": partial(by_httpx, trust_env=False),
    "aiohttp": by_aiohttp,
    "asyncio": by_asyncio,
}

exercise_all({f"python-{name}": client for name, client in CLIENTS.items()})
