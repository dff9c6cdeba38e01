"""What is wrong in a project's files is said with its place, all of it at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interceptor.values.errors import ConfigurationError
from tests.engines import BuildEngine

GOOD = "provider: Product API\nhandlers:\n  - {request: GET /a, response: 200}\n"


def problems(build_engine: BuildEngine, handlers: str, **more: object) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        build_engine(handlers, **more)
    assert caught.value.exit_code == 2
    return [str(problem) for problem in caught.value.problems]


def test_all_errors_of_all_files_at_once(build_engine: BuildEngine) -> None:
    handlers = """\
provider: Product API
handlers:
  - {request: GET /a?b=1}
  - {reqest: GET /a}
  - request: {path: /a, query: {q: {$regx: x}}}
    response: {stauts: 200}
  - request: GET /ok
    response: {json: {id: "{{ parms.id }}"}}
  - request: GET /:id/:id
  - {request: GET /f, response: {file: nothing.json}}
"""
    found = problems(build_engine, handlers, files={"handlers/broken.yaml": "handlers:\n  - request: *\n"})
    assert [line.split(": ")[0] for line in found] == [
        "handlers/api.yaml:3:14",
        "handlers/api.yaml:4:6",
        "handlers/api.yaml:4:5",
        "handlers/api.yaml:6:16",
        "handlers/api.yaml:8:27",
        "handlers/api.yaml:9:14",
        "handlers/api.yaml:10:38",
        "handlers/broken.yaml:2:14",
    ] or found
    text = "\n".join(found)
    for said in (
        "a query string does not belong in the path; put it under the key query",
        'unknown key "reqest", did you mean "request"?',
        'the key "request" is missing',
        'unknown key "stauts", did you mean "status"?',
        '"parms" is not known in {{ parms.id }}',
        'the parameter ":id" is in "/:id/:id" twice',
        'cannot read the file "nothing.json"',
        "    - request: '*'",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("handlers", "said"),
    [
        ("provider: Produkt API\nhandlers: []\n", 'unknown provider "Produkt API", did you mean "Product API"?'),
        ("handlers:\n  - request: GET /a\n", "has no provider to be relative to"),
        ("- a\n", "a handler file must be a mapping"),
        ("handlers:\n  - GET /a\n", "a handler must be a mapping"),
        ("provider: Product API\n", 'the key "handlers" is missing'),
        (GOOD + "    once: 1\n", "api.yaml:4"),
        ("provider: Product API\nhandlers:\n  - {request: GET /a, once: 1}\n", '"once" must be true or false, not 1'),
        ("provider: Product API\nhandlers:\n  - {request: GET /a, response: 99}\n", "api.yaml:3:33"),
        ("provider: Product API\nhandlers:\n  - {request: GET, response: 200}\n", "write a method and a path"),
        (
            "provider: Product API\nhandlers:\n  - {request: {path: /a, json: 1, text: a}}\n",
            "json and text cannot be combined",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {json: 1, text: a}}\n",
            "json and text cannot be combined",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {status: 204, text: a}}\n",
            "a response with status 204 has no body",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {delay: soon}}\n",
            '"soon" is not a delay',
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {delay: {min: 2, max: 1}}}\n",
            "min is greater than max",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {base64: '?'}}\n",
            "not base64",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {headers: {'a b': c}}}\n",
            "cannot be the name of a header",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, when: 'params.', response: 200}\n",
            "expected name or number",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {file: ../../../etc/hosts}}\n",
            "is outside the project",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {json: 1, matching: {$.a: regx}}}\n",
            "api.yaml:3:59: unknown rule",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, when: '{{ params.id }}', response: 200}\n",
            "when: params.id",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {passthrough: true}, then: {a: 1}}\n",
            "then needs a response of the handler's own",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {passthrough: false}}\n",
            "passthrough takes true or {to: URL}",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {python: 'mocks.py:none'}}\n",
            'there is no file "mocks.py"',
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {python: 'a.py:b', status: 200}}\n",
            "status cannot be combined with it",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: {graphql: {variables: {}}}, response: 200}\n",
            "exactly one of query, mutation, subscription, operation",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: {path: /a, multipart: {f: {filenam: x}}}}\n",
            'did you mean "filename"?',
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: GET /a, response: {error: explode}}\n",
            "api.yaml:3:41",
        ),
        (
            'provider: Product API\nhandlers:\n  - {request: GET /a, response: {sse: [{event: "\\nid: 2"}]}}\n',
            '"event" cannot hold a line break or a NUL',
        ),
        (
            'provider: Product API\nhandlers:\n  - {request: GET /a, response: {sse: [{id: "1\\02"}]}}\n',
            '"id" cannot hold a line break or a NUL',
        ),
        ("provider: Product API\nhandlers:\n  - {request: [GET]}\n", '"request" must be text or a mapping'),
        (
            "provider: Product API\nhandlers:\n  - {request: {path: /a, query: {$exact: a}}}\n",
            "$exact takes a mapping of names here",
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: {path: /a, query: {$filter: a}}}\n",
            '"$filter" is not a name; write $$filter',
        ),
        (
            "provider: Product API\nhandlers:\n  - {request: {path: /a, query: {q: {$type: [string]}}}}\n",
            "unknown type",
        ),
        (
            "provider: Product API\ndata: {a: {file: none.json}}\nhandlers: []\n",
            'cannot read the file "none.json"',
        ),
    ],
)
def test_each_mistake_is_located_and_explained(build_engine: BuildEngine, handlers: str, said: str) -> None:
    found = "\n".join(problems(build_engine, handlers))
    assert "handlers/api.yaml:" in found
    assert said in found


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ("{json: 1, headers: {Content-Encoding: gzip}}", "api.yaml:3:71: the body is not sent in a content coding"),
        ("{text: a, headers: {content-encoding: ['{{ call }}']}}", "leave content-encoding out"),
        ("{passthrough: true, headers: {content-encoding: br}}", "leave content-encoding out"),
        ("{text: é, headers: {content-type: a/b; charset=ascii}}", 'cannot be written in the charset "ascii"'),
        ("{text: a, headers: {content-type: a/b; charset=x}}", 'the body cannot be written in the charset "x"'),
        ("100", 'api.yaml:3:33: "status": 100 is an interim status'),
        ("{status: 103}", 'api.yaml:3:42: "status": 103 is an interim status'),
        ("[200, {status: 199}]", 'api.yaml:3:48: "status": 199 is an interim status'),
    ],
)
def test_an_answer_that_could_not_be_sent_as_it_says(build_engine: BuildEngine, response: str, said: str) -> None:
    handlers = f"provider: Product API\nhandlers:\n  - {{request: GET /a, response: {response}}}\n"
    assert said in "\n".join(problems(build_engine, handlers))


@pytest.mark.parametrize(
    ("project", "said"),
    [
        ("consumer: A\nunhandeld: error\n", 'interceptor.yaml:2:1: unknown key "unhandeld", did you mean "unhandled"?'),
        ("providers: {}\n", 'the key "consumer" is missing'),
        ("consumer: A\nunhandled: explode\n", "interceptor.yaml:2:12"),
        ("consumer: A\nproviders: {B: {url: api.example.com}}\n", "is not a base URL"),
        ("consumer: A\nproviders: {B: {url: 'http://localhost:port'}}\n", '"localhost:port" is no host with a port'),
        ("consumer: A\nproviders: {B: {url: 'http://localhost:99999'}}\n", '"localhost:99999" is no host with a port'),
        ("consumer: A\nproviders: {B: {url: 'https://x', listen: 99999}}\n", "interceptor.yaml:2:43"),
        ("consumer: A\nproviders: {B: {url: 'https://x'}, C: {url: 'https://x'}}\n", "already belongs to B"),
        ("consumer: A\nproviders: {B: {url: 'https://*.x', env: B_URL}}\n", "needs a first url without *"),
        ("consumer: A\nproviders: {B: {url: 'https://x', openapi: b.yaml}}\n", 'there is no file "b.yaml"'),
        ("consumer: A\nhandlers: mocks/\n", 'there are no handler files at "mocks/"'),
        ("consumer: A\npact: {dir: ../elsewhere}\n", "must be inside the project"),
        ("consumer: A\npact: {specification: 5}\n", "interceptor.yaml:2:23"),
        ("consumer: [A]\n", '"consumer" must be text'),
        ("- a\n", "must be a mapping"),
    ],
)
def test_the_project_file_too(build_engine: BuildEngine, project: str, said: str) -> None:
    assert said in "\n".join(problems(build_engine, GOOD, project=project))


def test_shadowed_handlers_are_warnings(build_engine: BuildEngine) -> None:
    engine = build_engine(
        """\
provider: Product API
handlers:
  - {request: GET /a, response: 200}
  - {request: GET /a, response: 404}
  - {request: GET /p/:id, response: 200}
  - {request: GET /p/new, response: 404}
  - {request: {path: /q, query: {a: 1}}, response: 200}
  - {request: {path: /q, query: {a: 2}}, response: 200}
  - {request: GET /q, response: 200}
  - {request: GET /s, given: one, response: 200}
  - {request: GET /s, given: two, response: 404}
  - {request: GET /o, once: true, response: 200}
  - {request: GET /o, response: 404}
  - {request: GET /w, when: 'request.query.a is defined', response: 200}
  - {request: GET /w, response: 404}
"""
    )
    assert [str(warning).split(": ")[0] for warning in engine.warnings] == [
        "handlers/api.yaml:4:5",
        "handlers/api.yaml:6:5",
    ]
    assert "the one at handlers/api.yaml:3 takes all of its requests first" in str(engine.warnings[0])


def test_a_cell_beyond_what_csv_may_hold_is_a_problem(build_engine: BuildEngine, tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir(exist_ok=True)
    (tmp_path / "handlers" / "stock.csv").write_text(f"sku\n{'x' * 200_000}\n")
    said = "\n".join(problems(build_engine, "data: {stock: {file: stock.csv}}\nhandlers: []\n"))
    assert 'handlers/api.yaml:1:22: "stock.csv" is not CSV' in said


NEW_WORDS = [
    ("response: {delay: {min: 1}}", "a delay that is drawn has min and max, or median and sigma"),
    ("response: {delay: {median: 1s, sigma: 9}}", "less than or equal to 5"),
    ("response: {delay: {medain: 1s, sigma: 1}}", 'did you mean "median"?'),
    ("response: {delay: '{{ nothing }}'}", '"nothing" is not known'),
    ("response: {text: a, bandwidth: fast}", '"fast" is not a bandwidth; write 20kB/s'),
    ("response: {text: a, bandwidth: 0}", '"0" is not a bandwidth'),
    ("response: {text: a, bandwidth: 1kB/s, dribble: {chunks: 1, over: 1}}", "cannot be combined"),
    ("response: {sse: {data: a}, bandwidth: 1kB/s}", "the pieces of a stream have delays of their own"),
    ("response: {chance: 1.5}", "less than or equal to 1"),
    ("response: {chance: often}", '"chance" must be a number'),
    ("response: {chance: 0.5, times: 2}", "has no times"),
    ("response: {error: refuse}", "refused"),
    ("response: {passthrough: {}}", "passthrough takes true, or a mapping of to and request"),
    ("response: {passthrough: {too: 'http://a.test'}}", 'did you mean "to"?'),
    ("response: {passthrough: {request: {quary: {}}}}", 'did you mean "query"?'),
    ("response: {passthrough: {request: {path: a}}}", "path"),
    ("response: {passthrough: {request: {headers: {Content-Length: '1'}}}}", "is written by the proxy itself"),
    ("response: {passthrough: {to: 'http://a.test/{{ call }}', request: {path: /a}}}", "is the whole URL then"),
    ("response: {passthrough: {request: {headers: {a: {$absnt: true}}}}}", "passthrough"),
    ("request: 'GET https://:a.:a.example.com/'", 'the parameter ":a" is in ":a.:a.example.com" twice'),
    ("request: 'GET https://:a.example.com/:a'", 'the parameter ":a" is in "https://:a.example.com/:a" twice'),
    ("request: '* /a'", "write a method and a path"),
    ("request: {method: 'GE T', path: /a}", "method"),
    ("request: GET /items/:id?page=1", "query: {path: /items/:id, query: {page: '1'}}"),
    ("request: 'GET /items#top'", 'a fragment never reaches a server; write "/items"'),
    ("request: 'GET /items/{id}'", 'a parameter is written :id, so write "/items/:id"'),
    ("request: {path: '/items/{id}'}", 'so write "/items/:id"'),
    ("request: {path: /a, xml: {}}", "xml needs an XPath, or equal with a document"),
    ("request: {path: /a, xml: {'//[': 1}}", '"//[" is not an XPath'),
    ("request: {path: /a, xml: {'//o:a': 1}}", "declare it under namespaces"),
    ("request: {path: /a, xml: {equal: '<a>'}}", "not XML"),
    ("request: {path: /a, xml: {namespaces: {'': 'urn:a'}, a: 1}}", "XPath knows no default namespace"),
    ("request: {path: /a, binary: {}}", "binary needs one of sha256, size, starts_with, base64"),
    ("request: {path: /a, binary: {sha265: a}}", 'did you mean "sha256"?'),
    ("request: {path: /a, binary: {starts_with: {hex: zz}}}", '"zz" is not hexadecimal'),
    ("request: {path: /a, binary: {base64: '?'}}", "not base64"),
    ("request: {path: /a, json: {$schema: {file: none.json}}}", 'cannot read the file "none.json"'),
    ("request: {path: /a, json: {$schema: {file: broken.json}}}", '"broken.json" is not JSON'),
    ("request: {path: /a, json: {$schema: {file: wrong.json}}}", "this is no JSON Schema"),
    ("request: {path: /a, headers: {a: {$lenght: 2}}}", 'did you mean "$length"?'),
    ("response: {stream: [{jsn: 1}]}", 'did you mean "json"?'),
    ("response: {stream: [{text: a, json: 1}]}", "exactly one of json, text, base64, file, error"),
    ("response: {stream: [{error: close}, {text: a}]}", "nothing can be sent after the error"),
    ("response: {stream: [{error: explode}]}", "close"),
    ("response: {stream: [{base64: '?'}]}", "not base64"),
    ("response: {stream: [{file: none.bin}]}", 'cannot read the file "none.bin"'),
    ("response: {stream: {for_each: '{{ data.a }}', text: a}}", "for_each: data.a"),
    ("response: {sse: {for_each: dat.a, data: a}}", '"dat" is not known'),
    ("response: {sse: {data: '{{ item }}'}}", '"item" is not known'),
    ('response: {sse: {comment: "a\\nb"}}', '"comment" cannot hold a line break'),
    ("response: {text: a, dribble: {chunks: 0, over: 1s}}", "greater than or equal to 1"),
    ("response: {text: a, dribble: {chunks: 2, over: long}}", '"long" is not a delay'),
    ("response: {sse: [{data: a}], dribble: {chunks: 2, over: 1s}}", "the pieces of a stream have delays"),
    ("response: {passthrough: true, stream: [{text: a}]}", "not with stream"),
    ("request: {websokcet: /a}", 'did you mean "websocket"?'),
    ("request: {websocket: /a?b=1}", "put it under the key query: {websocket: /a, query: {b: '1'}}"),
    ("request: {websocket: 'https://a.test/b'}", 'so write "wss://a.test/b"'),
    ("request: {websocket: /a, json: {b: 1}}", "match its messages under response.messages"),
    ("request: {websocket: /a, method: GET}", "a WebSocket has no method"),
    ("request: {websocket: /a, path: /b}", "either path or websocket, not both"),
    ("request: {path: /a, protocol: b}", "protocol is that of a WebSocket"),
    ("response: {messages: [{text: a}]}", "messages is for a WebSocket, which a handler opens with request"),
    ("request: {websocket: /a}\n    response: {open: [{text: a, json: 1}]}", "exactly one of json, text, base64"),
    ("request: {websocket: /a}\n    response: {open: [{base64: '?'}]}", "Only base64 data is allowed"),
    ("request: {websocket: /a}\n    response: {open: [{file: none.bin}]}", 'cannot read the file "none.bin"'),
    ("request: {websocket: /a}\n    response: {open: [{close: 1000}, {text: a}]}", "put close last"),
    ("request: {websocket: /a}\n    response: {open: [{close: 1006}]}", "1006 is never sent; write 1000 to 1003"),
    ("request: {websocket: /a}\n    response: {messages: [{text: a, sned: {text: b}}]}", 'did you mean "send"?'),
    ("request: {websocket: /a}\n    response: {messages: [{text: {$rgex: a}}]}", 'did you mean "$regex"?'),
    ("request: {websocket: /a}\n    response: {messages: [{text: {$regex: '('}}]}", "is not a regular expression"),
    ("request: {websocket: /a}\n    response: {messages: [{text: a, json: 1}]}", "json and text are given"),
    ("request: {websocket: /a}\n    response: {messages: [{send: {text: '{{ mesage }}'}}]}", '"mesage" is not known'),
    ("request: {websocket: /a}\n    response: {open: {text: '{{ message }}'}}", '"message" is not known'),
    ("request: {websocket: /a}\n    response: {open: {text: a}, json: {}}", "is open has no json"),
    ("request: {websocket: /a}\n    response: {messages: [{python: none.py:reply}]}", 'there is no file "none.py"'),
    (
        "request: {websocket: /a}\n    response: {messages: [{python: a.py:b, send: {text: a}}]}",
        "leave send and close out",
    ),
    ("resource: /products/:id", "the path is that of a collection"),
    ("resource: GET /products", "a resource has no method"),
    ("resource: /shops/:id/products", 'call the other one differently, "/shops/:shop/products"'),
    ("resource: /products?page=1", "a query string does not belong in the path"),
    ("resource: /orders", 'there is no data "orders"'),
    ("resourc: /products", 'did you mean "resource"?'),
    ("resource: /count", 'the data "count" is no list of objects'),
    ("resource: /products\n    data: prodcts", 'there is no data "prodcts", did you mean "products"?'),
    ("resource: /products\n    only: [lst]", 'there is no operation "lst", did you mean "list"?'),
    ("resource: /products\n    only: [one]\n    names: {list: a}", '"list" is not among the operations of only'),
    ("resource: /products\n    names: {lst: a}", 'did you mean "list"?'),
    ("resource: /products\n    nmaes: {list: a}", 'did you mean "names"?'),
    ("resource: /products\n    id: {id: uid}", 'did you mean "uuid"?'),
    ("resource: /products\n    page: {sze: 2}", 'did you mean "size"?'),
    ("resource: /products\n    responses: {missing: {jsn: 1}}", 'did you mean "json"?'),
    ("resource: /products\n    names: {one: 'a {{ prams.id }}'}", '"prams" is not known'),
    ("then: {call: {ulr: 'http://localhost/'}}", 'unknown key "ulr", did you mean "url"?'),
    ("then: {call: {method: POST}}", 'the key "url" is missing'),
    ("then: {call: {url: /hooks}}", "url"),
    ("then: {call: http://localhost/}", "must be a mapping"),
    ("then: {call: [{url: 'http://localhost/', json: 1, text: a}]}", "a call has one body: json or text"),
    ("then: {call: {url: 'http://localhost/', delay: soon}}", '"soon" is not a delay'),
    ("then: {call: {url: 'http://localhost/', delay: infinite}}", "a call that never comes can be left out"),
    ("then: {call: {url: 'http://localhost/', json: '{{ respnse.json }}'}}", '"respnse" is not known'),
    ("then: {call: {url: 'http://localhost/', sign: {header: x, secret: $NO_SECRET}}}", "NO_SECRET is not set"),
    ("then: {call: {url: 'http://localhost/', sign: {header: x, secret: a, hmac: md5}}}", "sha256"),
    ("response: {json: '{{ fake.nmae() }}'}", 'there is no fake.nmae, did you mean "name"?'),
    ("response: {json: '{{ fake.name }}'}", "fake.name must be called, fake.name()"),
    ("response: {json: '{{ fake.date_of_birth() }}'}", "fake.date_of_birth depends on the clock"),
    ("response: {json: '{{ fake.seed(1) }}'}", "there is no fake.seed"),
]


DATA = "data: {products: [], count: 1}\n"


@pytest.mark.parametrize(("words", "said"), NEW_WORDS)
def test_each_word_written_wrong_says_where_and_why(build_engine: BuildEngine, words: str, said: str) -> None:
    line = words if words.startswith(("request", "resourc")) else f"request: GET /a\n    {words}"
    files = {"handlers/broken.json": "{", "handlers/wrong.json": '{"type": "strin"}'}
    found = problems(build_engine, f"handlers:\n  - {line}\nprovider: Product API\n{DATA}", files=files)
    assert said in "\n".join(found)
    assert all(re.match(r"handlers/api\.yaml:[234]:\d+: ", each) for each in found)
