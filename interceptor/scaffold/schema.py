"""JSON Schemas of the files of a project, for editors that complete and check.

Keys, defaults, descriptions and examples come from the models. Where a model takes any value, or gets a shorthand
expanded, the tables below say what YAML may contain.

JSON Schema 2020-12, https://json-schema.org/draft/2020-12.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from interceptor.handlers.descriptions import ContractFileHead, Description
from interceptor.handlers.language import Handler, HandlerFileHead
from interceptor.handlers.provider_calls import CALL, Call
from interceptor.handlers.request_part import BODY_MATCHERS, OPERATIONS
from interceptor.handlers.resources import ID_KINDS, RESOURCE_OPERATIONS, ByOperation, Resource
from interceptor.handlers.response_part import BODIES, PIECES
from interceptor.handlers.websocket_part import MATCHED, SENT
from interceptor.pact.declared_rules import KEYED_RULES, NAMED_RULES, STATUS_CLASSES
from interceptor.project.config import ProjectFile
from interceptor.project.models import StrictModel
from interceptor.project.state_dir import make_state_dir
from interceptor.scaffold.matcher_schemas import FILE_PART, FILE_PARTS, MATCHERS, SCALAR, XML_PART, Schema, ref
from interceptor.values.errors import UsageError

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_DIR = "schema"
"""In the folder that is never committed: the schemas belong to the installed version."""


def project_schema() -> Schema:
    """The schema of `interceptor.yaml`."""
    definitions = _definitions(ProjectFile)
    _apply(definitions, _PROJECT)
    return _document("The project file of interceptor", definitions.pop("ProjectFile"), definitions)


def handlers_schema() -> Schema:
    """The schema of a handler file."""
    definitions = _definitions(HandlerFileHead, Handler, Resource, Call)
    _apply(definitions, _HANDLERS)
    _narrow_requests(definitions)
    definitions["ResponseEntry"] |= _one_of(BODIES)
    ways = [{"required": ["min", "max"]}, {"required": ["median", "sigma"]}]
    definitions["DrawnDelay"] |= {"oneOf": ways, "maxProperties": 2}
    definitions["StreamPiece"]["oneOf"] = [{"required": [key]} for key in PIECES]
    definitions["SocketAct"]["oneOf"] = [{"required": [key]} for key in SENT]
    definitions["MessageRule"] |= _one_of(MATCHED)
    del definitions["ByOperation"]  # what it holds depends on the key
    addressed = {"required": definitions["Handler"].pop("required"), "properties": {"request": _ADDRESSED}}
    file = definitions.pop("HandlerFileHead")
    # The defaults may contain the request, or parts of it; only without them is it required in each handler.
    file |= {
        "if": {"properties": {"defaults": {"required": ["request"]}}, "required": ["defaults"]},
        "else": {"properties": {"handlers": {"items": {"anyOf": [{"required": ["resource"]}, addressed]}}}},
    }
    return _document("A handler file of interceptor", file, definitions)


def contract_schema() -> Schema:
    """The schema of the contract file."""
    definitions = _definitions(ContractFileHead, Description)
    _apply(definitions, _CONTRACT)
    _narrow_requests(definitions)
    return _document("The contract file of interceptor", definitions.pop("ContractFileHead"), definitions)


def schema_text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(state_dir: Path) -> list[Path]:
    """Write the schemas to the paths in the first lines of the files that `init` writes.

    Raises:
        UsageError: the folder cannot be written.
    """
    written = {"project.json": project_schema(), "handlers.json": handlers_schema(), "contract.json": contract_schema()}
    folder = state_dir / SCHEMA_DIR
    try:
        make_state_dir(state_dir)
        folder.mkdir(exist_ok=True)
        for name, schema in written.items():
            (folder / name).write_text(schema_text(schema), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror}", "check the rights of the folder") from error
    return [folder / name for name in written]


class _Generator(GenerateJsonSchema):
    """Without a title for every key: an editor shows the key already."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # the base class decides
        return False


def _definitions(*models: type[StrictModel]) -> dict[str, Schema]:
    _, document = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/$defs/{model}", schema_generator=_Generator
    )
    definitions: dict[str, Schema] = document["$defs"]
    described = {model.__name__: _descriptions(model) for model in StrictModel.__subclasses__()}
    for name, definition in definitions.items():
        definition["properties"] = {
            key: _without_null(dict(sorted({**each, **described[name].get(key, {})}.items())))
            for key, each in definition["properties"].items()
        }
    return definitions


def _descriptions(model: type[StrictModel]) -> dict[str, Schema]:
    """By key, the text below its field. Pydantic can read it too, but would do so at each start of every command."""
    (definition,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for statement, below in pairwise(definition.body):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                field = model.model_fields[name]
                found[field.alias or name] = {"description": inspect.cleandoc(text)}
    return found


def _without_null(schema: Schema) -> Schema:
    """A key that may be absent, without the null by which its model says so."""
    kept = {key: value for key, value in schema.items() if key != "anyOf" and (key, value) != ("default", None)}
    options: list[Schema] = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        return options[0] | kept
    return kept | ({"anyOf": options} if options else {})


def _apply(definitions: dict[str, Schema], written: Mapping[str, Mapping[str, Schema]]) -> None:
    """Insert what YAML may contain, and keep the model's description of each key."""
    for name, keys in written.items():
        properties = definitions[name]["properties"]
        for key, schema in keys.items():
            said = {
                each: properties[key][each]
                for each in ("description", "default", "examples")
                if each in properties[key]
            }
            properties[key] = schema | said


def _one_of(*groups: Sequence[str]) -> Schema:
    """Keys that exclude each other; the error is reported at the second one."""
    excluded = {
        key: {"properties": dict.fromkeys((each for each in group if each != key), False)}
        for group in groups
        for key in group
    }
    return {"dependentSchemas": {key: excluded[key] for key in sorted(excluded)}}


def _narrow_requests(definitions: dict[str, Schema]) -> None:
    """What a request may say only once, and the values of which it consists."""
    definitions["RequestPart"] |= _one_of(("path", "url", "websocket"), BODY_MATCHERS)
    definitions["GraphQLPart"]["oneOf"] = [{"required": [kind]} for kind in OPERATIONS]
    definitions |= _VALUES


def _document(title: str, root: Schema, definitions: dict[str, Schema]) -> Schema:
    return {"$schema": DIALECT, "title": title, **{k: v for k, v in root.items() if k != "title"}, "$defs": definitions}


def _or_list(item: Schema, **more: Any) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item, **more}]}


_TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""Text in YAML; numbers and words like `true` are taken as written."""
_STATUS: Schema = {"type": "integer", "minimum": 200, "maximum": 599}
_TEMPLATE: Schema = {"type": "string", "pattern": r"\{\{"}
_DELAY_TEXT: Schema = {"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s)?$"}
_MILLISECONDS: Schema = {"anyOf": [{"type": "number", "minimum": 0}, _DELAY_TEXT]}
_BANDWIDTH = r"^\d+(\.\d+)?\s*(B|kB|MB)?(/s)?$"
_DELAY: Schema = {
    "anyOf": [*_MILLISECONDS["anyOf"], {"const": "infinite"}, _TEMPLATE, ref("DrawnDelay")],
    "examples": [200, "200ms", "1.5s", {"min": 20, "max": 80}, {"median": 80, "sigma": 0.5}, "infinite"],
}
_CLOSE_CODE: Schema = {"type": "integer", "minimum": 1000, "maximum": 4999}
_CLOSE: Schema = {"anyOf": [_CLOSE_CODE, ref("SocketClose")]}
_LINES: Schema = {
    "anyOf": [
        *_or_list(SCALAR)["anyOf"],
        {
            "type": "object",
            "properties": {"$absent": {"const": True}},
            "additionalProperties": False,
            "minProperties": 1,
        },
    ]
}
_STATES: Schema = _or_list({"anyOf": [_TEXT, ref("GivenState")]})
_REQUEST_LINE: Schema = {"type": "string", "pattern": r"^\s*[A-Za-z][-!#$%&'*+.^_`|~0-9A-Za-z]*\s+\S"}
_ADDRESSED: Schema = {
    "if": {"type": "object"},
    "then": {
        "anyOf": [{"required": ["path"]}, {"required": ["url"]}, {"required": ["websocket"]}, {"required": ["graphql"]}]
    },
}


def _rules(places: str, **more: Schema) -> Schema:
    return {
        "type": "object",
        "properties": more,
        "patternProperties": {places: ref("Rule")},
        "additionalProperties": False,
    }


def _by_operation(value: Schema) -> Schema:
    """What a resource says for each of its operations."""
    said = _descriptions(ByOperation)
    properties = {key: value | said[key] for key in ByOperation.model_fields}
    return {"type": "object", "properties": properties, "additionalProperties": False}


_FORMAT: Schema = {"type": "string", "examples": ["yyyy-MM-dd", "HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ssX"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_RULE_VALUES: dict[str, Schema] = {
    "regex": {"type": "string", "format": "regex", "description": "The whole value matches."},
    "min": {**_COUNT, "description": "An array of at least this many elements."},
    "max": {**_COUNT, "description": "An array of at most this many elements."},
    "type": {
        "enum": [True, *NAMED_RULES],
        "description": "A value of this type; with min or max, each element of an array.",
    },
    "include": {"type": "string", "description": "Text that holds this text."},
    "equality": {"description": "Exactly the example."},
    "date": {**_FORMAT, "description": "A date in Java's notation."},
    "time": {**_FORMAT, "description": "A time in Java's notation."},
    "datetime": {**_FORMAT, "description": "A date and time in Java's notation."},
}
_CODES: Schema = {"anyOf": [{"enum": list(STATUS_CLASSES)}, _or_list(_STATUS, minItems=1)]}

_VALUES: dict[str, Schema] = {
    **MATCHERS,
    "Rule": {
        "description": "What a pact asks of a value instead of equality.",
        "anyOf": [
            {"enum": list(NAMED_RULES)},
            {
                "type": "object",
                "properties": {key: _RULE_VALUES[key] for key in KEYED_RULES},
                "additionalProperties": False,
                "minProperties": 1,
            },
        ],
    },
}

_STATUS_RULE: Schema = {"anyOf": [*_CODES["anyOf"], {"type": "object", "properties": {"status": _CODES}}]}
_RESPONSE_RULES: Schema = _rules(r"^(\$|header\.)", status=_STATUS_RULE)
_REQUESTS: Mapping[str, Mapping[str, Schema]] = {
    "RequestPart": {
        **dict.fromkeys(("query", "headers", "cookies", "form"), ref("Names")),
        "json": ref("JsonMatcher"),
        "multipart": {
            "type": "object",
            "additionalProperties": {"anyOf": [ref("ValueMatcher"), FILE_PART, FILE_PARTS]},
        },
        "text": ref("ValueMatcher"),
        "xml": XML_PART,
        "matching": _rules(r"^(\$|header\.|query\.)", path=ref("Rule")),
    },
    "BinaryPart": {
        "sha256": _TEXT,
        "size": ref("JsonMatcher"),
        "starts_with": {"anyOf": [_TEXT, ref("HexBytes")]},
        "base64": _TEXT,
    },
    "GraphQLPart": {
        **dict.fromkeys(OPERATIONS, ref("ValueMatcher")),
        "variables": ref("JsonMatcher"),
    },
    "GivenState": {"name": _TEXT},
}
_HANDLERS: Mapping[str, Mapping[str, Schema]] = {
    **_REQUESTS,
    "HandlerFileHead": {
        "defaults": ref("Handler"),
        "handlers": {"type": "array", "items": {"anyOf": [ref("Handler"), ref("Resource")]}},
    },
    "Handler": {
        "request": {"anyOf": [_REQUEST_LINE, ref("RequestPart")]},
        "response": _or_list({"anyOf": [_STATUS, ref("ResponseEntry")]}, minItems=1),
        "name": _TEXT,
        "given": _STATES,
        "when": _TEXT,
        "then": {"type": "object", "properties": {CALL: _or_list(ref("Call"))}},
    },
    "Call": {"headers": {"type": "object", "additionalProperties": _TEXT}, "text": _TEXT, "delay": _DELAY},
    "Resource": {
        "id": {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "additionalProperties": {"enum": list(ID_KINDS)},
                    "minProperties": 1,
                    "maxProperties": 1,
                },
            ]
        },
        "only": {"type": "array", "items": {"enum": list(RESOURCE_OPERATIONS)}, "minItems": 1},
        "names": _by_operation(_TEXT),
        "given": _by_operation(_STATES),
        "responses": _by_operation(_or_list({"anyOf": [_STATUS, ref("ResponseEntry")]}, minItems=1)),
    },
    "DrawnDelay": {"min": _MILLISECONDS, "max": _MILLISECONDS, "median": _MILLISECONDS},
    "ServerSentEvent": {"event": _TEXT, "id": _TEXT, "comment": _TEXT, "for_each": _TEXT, "delay": _DELAY},
    "StreamPiece": {**dict.fromkeys(("text", "base64", "file", "for_each"), _TEXT), "delay": _DELAY},
    "Dribble": {"over": _MILLISECONDS},
    "PassedRequest": {
        **{key: {"type": "object", "additionalProperties": _LINES} for key in ("query", "headers")},
        "path": {"type": "string", "pattern": r"^(/|\{\{)"},
    },
    "SocketAct": {
        **dict.fromkeys(("text", "base64", "file", "ping", "for_each"), _TEXT),
        "close": _CLOSE,
        "delay": _DELAY,
    },
    "SocketClose": {"code": _CLOSE_CODE, "reason": _TEXT},
    "MessageRule": {
        "json": ref("JsonMatcher"),
        "text": ref("ValueMatcher"),
        "name": _TEXT,
        "send": _or_list(ref("SocketAct")),
        "close": _CLOSE,
    },
    "ResponseEntry": {
        "status": {"anyOf": [_STATUS, _TEMPLATE]},
        "headers": {"type": "object", "additionalProperties": _or_list(SCALAR)},
        **dict.fromkeys(("text", "html", "xml", "base64", "file", "name"), _TEXT),
        "passthrough": {"anyOf": [{"const": True}, ref("PassedOn")]},
        "sse": _or_list(ref("ServerSentEvent")),
        "stream": _or_list(ref("StreamPiece")),
        "open": _or_list(ref("SocketAct")),
        "delay": _DELAY,
        "bandwidth": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": _BANDWIDTH}]},
        "matching": _RESPONSE_RULES,
        "given": _STATES,
    },
}
_CONTRACT: Mapping[str, Mapping[str, Schema]] = {
    **_REQUESTS,
    "ContractFileHead": {"interactions": {"type": "array", "items": ref("Description")}},
    "Description": {
        "request": {"allOf": [_ADDRESSED], "anyOf": [_REQUEST_LINE, ref("RequestPart")]},
        "response": {"anyOf": [_STATUS, ref("DescribedResponse")]},
        "name": _TEXT,
        "given": _STATES,
        "when": _TEXT,
    },
    "DescribedResponse": {"status": _STATUS, "matching": _RESPONSE_RULES},
}
_PROJECT: Mapping[str, Mapping[str, Schema]] = {
    "Provider": {"url": _or_list({"type": "string", "pattern": "^https?://[^/]"}, minItems=1)},
    "PactSettings": {"max_body": {"anyOf": [_COUNT, {"type": "string", "pattern": r"^\d+(\.\d+)?\s*[kM]?B$"}]}},
    "ProjectFile": {"handlers": _or_list({"anyOf": [{"type": "string"}, ref("MswHandlers")]})},
}
