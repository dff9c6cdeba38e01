"""The codes of findings: how severe each is, and what it means.

A code is stable and goes from the general to the particular. Those of a comparison are the codes of PactFlow's, as far
as it has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class FindingCode:
    """An error makes the exit code 1; a warning does so only with `lint --strict`."""

    severity: Severity
    meaning: str


def _error(meaning: str) -> FindingCode:
    return FindingCode("error", meaning)


def _warning(meaning: str) -> FindingCode:
    return FindingCode("warning", meaning)


_EXPORT = {
    "recording.damaged": _error("A line of a recording cannot be read."),
    "body.large": _warning("A body is larger than `pact.max_body` and is left out of the pact."),
    "body.unreadable": _warning("A body is not what its content type claims, and is left out of the pact."),
    "body.null.unsupported": _warning("A body is JSON's `null`, which only specification 4 can express."),
    "body.charset.unsupported": _warning("A text is not UTF-8, which only specification 4 can express."),
    "rule.unknown": _warning("A matching rule of a handler cannot be read; the rules of that message are left out."),
    "rule.unsupported": _warning("The pact's specification cannot express a matching rule; the rule is left out."),
    "interaction.description.ambiguous": _warning("Several different interactions have one description."),
    "interaction.answers.ambiguous": _error(
        "One request in one provider state has several responses; no provider can give them all."
    ),
}
_LINT = {
    "handler.error": _error("A handler file is broken; `interceptor run` reports the same."),
    "handler.warning": _warning("A handler is doubtful; `interceptor run` reports the same."),
    "handler.given.undeclared": _warning(
        "A handler differs from an earlier one only in `given`, and the latest run did not use it: no test declares "
        "its states."
    ),
    "contract.error": _error("The contract file is broken; `interceptor run` reports the same."),
    "contract.warning": _warning("An entry of the contract file is doubtful; `interceptor run` reports the same."),
    "contract.entry.unused": _warning("No exchange of the latest run matches an entry of the contract file."),
    "handler.path.literal": _warning("A colon or a group in a path is plain text, where MSW would see a parameter."),
    "handler.method.unlikely": _warning("The method of a handler is spelt like another one that clients use."),
    "handler.json.text": _warning("A handler's `json` is a text that holds JSON, not the JSON itself."),
    "handler.then.undeclared": _warning("`then` changes data that templates read and no handler file declares."),
    "handler.websocket.unrecorded": _warning("Handlers answer WebSockets, whose messages are in no pact."),
    "handler.graphql.response": _warning(
        "A handler's response does not fit the provider's GraphQL schema; a field under an alias may."
    ),
    "provider.unreached": _warning("A provider has no handlers."),
    "description.empty": _error("A description is empty."),
    "description.missing": _warning("Interactions have no name."),
    "description.opening": _warning('A description begins with "upon receiving".'),
    "description.capital": _warning("A description begins with a capital article."),
    "description.spacing": _warning("A description has spaces at an end, or two in a row."),
    "description.stop": _warning("A description ends with a full stop."),
    "description.secret": _error("A description holds what looks like a secret."),
    "description.volatile": _warning("A description holds an id or a time, which changes with every run."),
    "state.empty": _error("The name of a provider state is empty."),
    "state.opening": _warning('A provider state begins with "given".'),
    "state.capital": _warning("A provider state begins with a capital article."),
    "state.spacing": _warning("A provider state has spaces at an end, or two in a row."),
    "state.stop": _warning("A provider state ends with a full stop."),
    "state.secret": _error("A provider state holds what looks like a secret."),
    "state.volatile": _warning("A provider state holds an id or a time, which changes with every run."),
    "state.spelling": _warning("Two provider states differ only in capitals and spaces."),
    "pact.unreadable": _error("A file is not a pact."),
    "pact.provider.unknown": _error("The project file does not have the pact's provider."),
    "pact.consumer.unknown": _warning("The pact's consumer is not the project file's."),
    "interaction.repeated": _warning("An interaction repeats another one."),
    "interaction.path.trailing-slash": _warning("A path ends with a slash."),
    "interaction.body.unasserted": _warning("A successful response has no body to verify."),
    "rule.regex": _error("A regular expression does not match all of its own example, as the Pact tools require."),
    "rule.array.unchecked": _warning("An empty array stands below a `type` rule; no verifier looks at what it holds."),
    "secret.found": _error("A pact holds what looks like a secret."),
    "secret.likely": _warning("A request of a pact holds what recordings mask, by its name or as it looks random."),
}
_CHECK = {
    "pact.malformed": _error("A value has a type that pacts do not allow there; the broker refuses the whole pact."),
    "request.path-or-method.unknown": _error(
        "The document has no such operation, or a path segment does not fit its parameter's schema. Nothing else of "
        "the interaction is compared."
    ),
    "request.authorization.missing": _error(
        "No security requirement is met. Basic and bearer authentication need `authorization`, API keys their header, "
        "parameter or cookie; OAuth, OpenID Connect and mutual TLS are not checked."
    ),
    "request.header.incompatible": _error("A request header does not fit its schema, or a required one is missing."),
    "request.header.unknown": _warning("The document does not have a request header; HTTP's own need not be there."),
    "request.query.incompatible": _error("A query parameter does not fit its schema, or a required one is missing."),
    "request.query.unknown": _warning("The document does not have a query parameter."),
    "request.path.doubtful": _warning("A path does not fit its schema, which the broker's comparison lets pass."),
    "request.authorization.doubtful": _warning("Not all that one security requirement asks for is sent."),
    "request.header.doubtful": _warning("A request header does not fit, which the broker's comparison lets pass."),
    "request.query.doubtful": _warning("A query parameter does not fit, which the broker's comparison lets pass."),
    "request.cookie.doubtful": _warning("A cookie does not fit its schema, or a required one is missing."),
    "request.accept.incompatible": _error("The operation answers with no media type that the request accepts."),
    "request.accept.unknown": _warning(
        "The request has an `accept` header, and the document names no media type of a response."
    ),
    "request.content-type.incompatible": _error("The operation does not take a body of this media type."),
    "request.content-type.unknown": _warning(
        "The request has a content type, and the document names none for the operation."
    ),
    "request.content-type.missing": _warning("The operation takes a body, and the request has no content type."),
    "request.body.doubtful": _warning("The request body does not fit, which the broker's comparison lets pass."),
    "request.body.incompatible": _error("The request body does not fit its schema, or a required one is missing."),
    "request.body.unknown": _warning("The document has no schema for the request body."),
    "request.body.unvalidatable": _warning("The request body is neither JSON nor a form."),
    "response.status.unknown": _error("The document does not have the status."),
    "response.status.default": _warning("The document has the status only as `default`."),
    "response.header.doubtful": _warning("A response header does not fit, which the broker's comparison lets pass."),
    "response.body.doubtful": _warning("The response body does not fit, which the broker's comparison lets pass."),
    "response.header.incompatible": _error("A response header does not fit its schema."),
    "response.header.unknown": _error("The document does not have a response header."),
    "response.header.undefined": _warning("The document does not have a response header that is HTTP's own."),
    "response.content-type.incompatible": _error("The response does not have this media type."),
    "response.content-type.unknown": _warning("The response has a content type, and the document names none."),
    "response.body.incompatible": _error("The response body does not fit its schema."),
    "response.body.unknown": _error("The document has no schema for the response body."),
    "response.body.unvalidatable": _warning("The response body is not JSON."),
    "document.reference.broken": _error("A reference that the comparison needs leads nowhere."),
    "document.reference.unused": _warning("A reference leads nowhere, but no interaction needs it."),
    "document.schema.unusable": _warning("A schema is not a JSON Schema, and is not compared."),
}
FINDING_CODES: Mapping[str, FindingCode] = {**_EXPORT, **_LINT, **_CHECK}
