"""What newcomers stumble over in YAML, each with the line to paste.

No parser: libyaml says where it gave up, and these patterns look at that line for the likely cause. No linter for YAML
says which quotes are missing.
"""

from __future__ import annotations

import re

import yaml

from interceptor.values.errors import Problem


def syntax_problem(error: yaml.YAMLError, text: str, name: str) -> Problem:
    """libyaml's complaint in the words of someone who wants to get on with it."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        return Problem(name, line, 1, f"not YAML: {getattr(error, 'reason', error)}")
    context_mark = getattr(error, "context_mark", None)
    lines = text.splitlines() or [""]
    for row in dict.fromkeys(m.line for m in (mark, context_mark) if m is not None):
        source = lines[min(row, len(lines) - 1)]
        for stumble in (_unquoted_start, _unknown_escape, _tab, _bare_template_line):
            if found := stumble(source):
                column, message, paste = found
                return Problem(name, row + 1, column, message, paste)
    said = " ".join(part for part in (getattr(error, "context", None), getattr(error, "problem", None)) if part)
    return Problem(name, mark.line + 1, mark.column + 1, f"not YAML: {said or error}")


def quoted_text(text: str) -> str:
    if "'" not in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return '"' + text.replace('"', '\\"') + '"'


def _unquoted_start(line: str) -> tuple[int, str, str] | None:
    match = re.search(r"(?:^\s*|:\s+|-\s+|[\[{,]\s*)([*@%`][^\s,\]}]*(?:[^#\n]*?))\s*(?:\s#.*)?$", line)
    if match is None:
        return None
    value = match[1]
    if line[: match.start(1)].count("{") > line[: match.start(1)].count("}") or "[" in line[: match.start(1)]:
        value = re.split(r"[,\]}]", value, maxsplit=1)[0].rstrip()
    fixed = f"{line[: match.start(1)]}{quoted_text(value)}{line[match.start(1) + len(value) :]}".strip()
    return match.start(1) + 1, f"`{value[0]}` means something else to YAML at the start of a value; quote it", fixed


def _unknown_escape(line: str) -> tuple[int, str, str] | None:
    for match in re.finditer(r'"((?:[^"\\]|\\.)*)"', line):
        bad = re.search(r"\\[^0abtnvfreN_LPuUx \"/\\]", match[1])
        if bad:
            single = "'" + match[1].replace("'", "''").replace('\\"', '"') + "'"
            fixed = f"{line[: match.start()]}{single}{line[match.end() :]}".strip()
            message = f"`{bad[0]}` is not an escape of double-quoted YAML; single quotes keep backslashes"
            return match.start() + 1, message, fixed
    return None


def _tab(line: str) -> tuple[int, str, str] | None:
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" not in indent:
        return None
    return indent.index("\t") + 1, "YAML is indented with spaces, not tabs", line.replace("\t", "  ").rstrip()


def _bare_template_line(line: str) -> tuple[int, str, str] | None:
    match = re.search(r"(?:^\s*-?\s*|:\s+|-\s+)(\{\{.*\}\}[^\n]*?)\s*$", line)
    if match is None:
        return None
    quoted = f'"{match[1]}"' if '"' not in match[1] else quoted_text(match[1])
    return match.start(1) + 1, "a template must be quoted", f"{line[: match.start(1)]}{quoted}".strip()
