"""The values of `data` that templates see: written in a handler file, or read from a file that it names."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from interceptor.project.folder import Folder
from interceptor.project.handler_files import YAML_SUFFIXES
from interceptor.project.yaml_file import parse
from interceptor.project.yaml_nodes import Node
from interceptor.values.errors import ConfigurationError
from interceptor.values.json_text import Json, NotJsonError, parse_json


def data_value(node: Node, folder: Folder) -> Json:
    """What a member of `data` stands for; `{file: ...}` is read.

    Raises:
        ConfigurationError: where the file cannot be read as data.
    """
    if node.kind != "mapping" or set(node.members) != {"file"}:
        return node.plain()
    where = node.at("file")
    try:
        return read_data(folder, where.source)
    except ValueError as error:
        raise ConfigurationError([where.problem(str(error))]) from error


def read_data(folder: Folder, name: str) -> Json:
    """The value of a JSON, YAML or CSV file; CSV gives a list of objects of text, named by its first line.

    Raises:
        ValueError: where the file is outside the project, unreadable, or not what its name says.
        ConfigurationError: for YAML that is not sound.
    """
    content = folder.content(name)
    suffix = Path(name).suffix.lower()
    try:
        if suffix == ".json":
            return parse_json(content)
        text = content.decode("utf-8-sig")
    except NotJsonError as error:
        raise ValueError(f'"{name}" is not JSON: {error}') from error
    except UnicodeDecodeError as error:
        raise ValueError(f'"{name}" is not UTF-8 (byte {error.start})') from error
    if suffix in YAML_SUFFIXES:
        return parse(text, name)[0].plain()
    if suffix == ".csv":
        try:
            return list(csv.DictReader(io.StringIO(text)))
        except csv.Error as error:
            raise ValueError(f'"{name}" is not CSV: {error}') from error
    raise ValueError(f'"{name}" must end in .json, .yaml, .yml or .csv to be read as data')
