"""`interceptor schema`: the project's files as JSON Schema, for editors."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from interceptor.cli.context import Context, say, show_document
from interceptor.scaffold.schema import contract_schema, handlers_schema, project_schema, schema_text, write_schemas
from interceptor.values.variables import STATE_DIR


class SchemaKind(StrEnum):
    """Which of the files."""

    PROJECT = "project"
    HANDLERS = "handlers"
    CONTRACT = "contract"


_SCHEMAS = {
    SchemaKind.PROJECT: project_schema,
    SchemaKind.HANDLERS: handlers_schema,
    SchemaKind.CONTRACT: contract_schema,
}


def schema(
    ctx: typer.Context,
    kind: Annotated[
        SchemaKind | None, typer.Argument(help="Print this schema instead of writing the files.", show_default=False)
    ] = None,
) -> None:
    """Write the JSON Schemas of a project's files to .interceptor/schema, or print one of them.

    The files that `interceptor init` writes refer to them, so an editor with a YAML language server completes and
    checks what you type.
    """
    if kind is not None:
        show_document(schema_text(_SCHEMAS[kind]()))
        return
    context: Context = ctx.obj
    for path in write_schemas(context.config.parent / STATE_DIR):
        say(f"wrote {path}")
