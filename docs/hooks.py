"""What the site has beyond the pages of this folder, made while it is built so that it cannot drift:

- the README, the changelog and the page for contributors;
- the reference of the commands, from the command line itself;
- the references of the project file, of handlers and of contract.yaml, from their JSON Schemas.

A link that is right in the repository is right in the site: what is not a page there leads to the repository.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from interceptor.cli import COMMANDS, app
from interceptor.scaffold.schema import contract_schema, handlers_schema, project_schema

ROOT = Path(__file__).parents[1]
SOURCE = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Source"]
ELSEWHERE = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""Files of the repository outside this folder that are pages of the site."""

_FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")

Schema = dict[str, Any]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are no files of this folder."""
    made = {page: (ROOT / file).read_text("utf-8") for file, page in ELSEWHERE.items()}
    made["reference/commands.md"] = "\n".join(commands_page())
    made["reference/project-file.md"] = "\n".join(schema_page(project_schema(), "The project file, key by key"))
    made["reference/handlers.md"] = "\n".join(schema_page(handlers_schema(), "Handler files, key by key"))
    made["reference/contract-file.md"] = "\n".join(schema_page(contract_schema(), "contract.yaml, key by key"))
    for uri, text in made.items():
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001  # MkDocs calls it by these names
    """Turn the repository's links into the site's."""
    uri = page.file.src_uri
    origin = next((file for file, made in ELSEWHERE.items() if made == uri), f"docs/{uri}")

    def lead(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(origin), unquote(link[1])))
        inside = ELSEWHERE.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else None)
        if inside is None:
            kind = "tree" if (ROOT / target).is_dir() else "blob"
            return f"{SOURCE}/{kind}/main/{quote(target)}{link[2] or ''}"
        return posixpath.relpath(inside, posixpath.dirname(uri) or ".") + (link[2] or "")

    parts = _FENCE.split(markdown)
    return "".join(part if part.startswith("```") else _LINK.sub(lead, part) for part in parts)


def commands_page() -> Iterator[str]:
    """Every command as its `--help` has it."""
    group = typer.main.get_command(app)
    yield from ("# Commands, option by option", "", "What `--help` prints, for every command.", "")
    for name, summary in COMMANDS.items():
        with typer.Context(group, info_name="interceptor") as above:
            command = group.get_command(above, name)  # type: ignore[attr-defined]  # the class of all commands has it
            with typer.Context(command, info_name=name, parent=above, terminal_width=100) as context:
                text = command.get_help(context)
        yield from (f"## interceptor {name}", "", summary, "", "```text", text, "```", "")


def schema_page(schema: Schema, title: str) -> Iterator[str]:
    """A table for every object of a schema."""
    yield from (f"# {title}", "", "What `interceptor schema` gives to editors.", "")
    yield from _table(schema)
    for name, each in sorted(schema.get("$defs", {}).items()):
        yield from (f"## {name}", "", _prose(each), "")
        yield from _table(each)


def _table(schema: Schema) -> Iterator[str]:
    if not schema.get("properties"):
        yield from ((f"It is {_kind(schema)}.", "") if len(schema) > 1 else ())
        return
    yield from ("| key | value | default | meaning |", "|---|---|---|---|")
    for key, each in schema["properties"].items():
        default = f"`{_cell(json.dumps(each['default']))}`" if each.get("default") is not None else ""
        needed = " (needed)" if key in schema.get("required", ()) else ""
        yield f"| `{_cell(key)}`{needed} | {_kind(each)} | {default} | {_cell(_prose(each))} |"
    yield ""


def _kind(schema: Schema) -> str:
    """What a value may be, in words."""
    match schema:
        case {"$ref": ref}:
            name = ref.rpartition("/")[2]
            return f"[{name}](#{re.sub(r'[^a-z0-9_ -]', '', name.lower()).replace(' ', '-')})"
        case {"anyOf": several} | {"oneOf": several} | {"allOf": several}:
            return " or ".join(dict.fromkeys(_kind(each) for each in several))
        case {"const": value}:
            return f"`{_cell(json.dumps(value))}`"
        case {"enum": values}:
            return ", ".join(f"`{_cell(json.dumps(value))}`" for value in values)
        case {"type": "array", "items": dict(item)}:
            return f"list of {_kind(item)}"
        case {"type": "object", "additionalProperties": dict(value)} if value:
            return f"mapping to {_kind(value)}"
        case {"type": list(kinds)}:
            return " or ".join(map(str, kinds))
        case {"type": kind}:
            return str(kind)
    return "anything"


def _prose(schema: Schema) -> str:
    return str(schema.get("description", ""))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
