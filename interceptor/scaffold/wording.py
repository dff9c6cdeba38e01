"""Names the operations of a document in a contract.

Descriptions read "upon receiving a request to list products", states read "given product 7 exists". Both contain the
parameters of the path, so that a request for another id is another interaction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from interceptor.openapi.operations import DocumentedResponse, Operation
from interceptor.values.nouns import singular, words

_VERBS = {"get": "get", "post": "create", "put": "replace", "patch": "update", "delete": "delete"}
_BEGINNINGS = frozenset(
    re.findall(
        r"\w+",
        """
    accept activate add apply approve archive assign attach authenticate batch book cancel change charge check clear
    close complete confirm copy count create deactivate delete deploy detach disable download edit enable execute
    export fetch filter find finish generate get grant import invite issue join leave list load lock log login logout
    look make mark merge modify move open overwrite patch pay place post preview publish purge put query read refresh
    refund register reject release remove rename render renew replace request reset resolve restore resume retrieve
    return revoke run save search see send set show sign start stop store submit subscribe suspend sync take test
    transfer trigger unlock unsubscribe update upload upsert validate verify view void withdraw write
    """,
    )
)
"""Verbs that summaries begin with: "a request to list products", but "a request for the price list"."""
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class PathParameter:
    """A parameter of a path by its name in the pattern, and what it is an id of."""

    noun: str
    name: str
    written: str
    """As the document spells it."""

    @property
    def thing(self) -> str:
        """`product {{ params.id }}`"""
        return f"{self.noun} {{{{ params.{self.name} }}}}"


@dataclass(slots=True)
class Wording:
    """Names for the responses of one provider; no two of its operations share a description."""

    _taken: set[str] = field(default_factory=set)
    _spelled: dict[str, str] = field(default_factory=dict)

    def request(self, each: Operation, parameters: list[PathParameter]) -> str:
        """`a request to get a product, product {{ params.id }}`"""
        base = _request(_phrase(each))
        unique = base if base not in self._taken else f"{base} ({each.method} {each.path})"
        self._taken |= {base, unique}
        return ", ".join((unique, *(parameter.thing for parameter in parameters)))

    def states(self, each: Operation, parameters: list[PathParameter], answer: str | None, said: str) -> list[str]:
        """The provider states under which an operation gives one of its responses.

        Args:
            each: the operation.
            parameters: those of its path.
            answer: the status; None for the first success.
            said: the document's description of the response.
        """
        exist = [f"{parameter.thing} exists" for parameter in parameters]
        if answer is None:
            found = exist or _collection(each)
        elif answer == "404" and parameters:
            found = [*exist[:-1], f"{parameters[-1].thing} does not exist"]
        else:
            # Without the states of the success, which would answer if they were all declared.
            found = [self._circumstance(each, parameters, answer, said)]
        return [self._spelled.setdefault("".join(state.split()).casefold(), state) for state in found]

    @staticmethod
    def _circumstance(each: Operation, parameters: list[PathParameter], answer: str, said: str) -> str:
        if answer == "401":
            return "the caller is not authenticated"
        things = f" ({', '.join(parameter.thing for parameter in parameters)})" if parameters else ""
        if answer == "403":
            return f"the caller has no right to {_phrase(each)}{things}"
        if said and answer[0] != "2":
            return f"{said}{things}"
        return f"{_request(_phrase(each))} is answered with {answer}{things}"


def sentence(answer: DocumentedResponse) -> str:
    """A document's description of a response, as part of a sentence; nothing if there is none, or if it varies."""
    text = _tidy(str(answer.node.raw("description").value or "").partition("\n")[0])
    is_one = " " in text and len(text) <= _LONGEST and not re.search(r"\d{4}|[0-9a-f]{8}|given ", text)
    return text if is_one else ""


def noun(segment: str, parameter: str) -> str:
    """What an id is of: `("products", "id")` -> `product`."""
    owner = words(segment)
    if not owner or re.fullmatch(r"(?:api|rest|v\d+)", owner):
        owner = re.sub(r" ?(?:ids?|key|name|number)$", "", words(parameter)) or "item"
    return singular(owner)


def _request(phrase: str) -> str:
    first = phrase.partition(" ")[0]
    return f"a request {'to' if first in _BEGINNINGS else 'for'} {phrase}"


def _phrase(each: Operation) -> str:
    """`List all products.` -> `list all products`; without a summary the operation's id, or method and path."""
    summary = each.node.raw("summary").value
    text = _tidy(summary) if isinstance(summary, str) else ""
    if text and len(text) <= _LONGEST:
        return re.sub(r"^(\w+?)s(?= )", _infinitive, text)
    identifier = each.node.raw("operationId").value
    said = words(identifier) if isinstance(identifier, str) else ""
    return said or f"{_VERBS.get(each.method.lower(), each.method.lower())} {words(_fixed(each.path)) or 'the root'}"


def _infinitive(match: re.Match[str]) -> str:
    """`returns` -> `return`, where that is a verb known here."""
    return match[1] if match[1] in _BEGINNINGS else match[0]


def _collection(each: Operation) -> list[str]:
    things = words(each.path.rstrip("/").rpartition("/")[2])
    is_list = each.method == "GET" and things.endswith("s") and things != singular(things)
    return [f"{things} exist"] if is_list else []


def _fixed(path: str) -> str:
    return " ".join(segment for segment in path.split("/") if "{" not in segment)


def _tidy(text: str) -> str:
    """Without capital, full stop and whatever else does not belong inside a sentence."""
    text = re.sub(r"[`*_\"<>{}]+|\([^()]*\)", " ", text)
    text = " ".join(re.sub(r"[^ -~\u00a0-\uffff]", " ", text).split()).strip(" .:;!")
    return text[:1].lower() + text[1:] if re.match(r"[A-Z](?:[a-z]| )", text) else text
