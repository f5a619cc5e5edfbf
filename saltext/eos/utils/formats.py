"""Write data as the text of a configuration file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from saltext.eos.utils.evaluate import written

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_SECTION = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def render(form: str, data: Any) -> str:
    """
    Write ``data`` in one of the formats of a declaration.

    :param form: ``json``, ``env``, ``lines`` or ``unit``.
    :raises ValueError: the format is unknown, or the data cannot be said in it.
    """
    writer = _WRITERS.get(form)
    if writer is None:
        raise ValueError(f"format {form!r} is unknown; expected one of {', '.join(_WRITERS)}")
    return writer(data)


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _env(data: dict[str, Any]) -> str:
    lines = []
    for key, value in data.items():
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no name of an environment variable")
        text = _line(written(value), key)
        if not _BARE.fullmatch(text):
            escaped = re.sub(r'(["\\$`])', r"\\\1", text)
            text = f'"{escaped}"'
        lines.append(f"{key}={text}\n")
    return "".join(lines)


def _lines(data: dict[str, Any]) -> str:
    return "".join(f"{_line(written(line), 'a line')}\n" for line in data["lines"])


def _unit(data: dict[str, Any]) -> str:
    sections = []
    for section, entries in data.items():
        if not _SECTION.fullmatch(section):
            raise ValueError(f"{section!r} is no name of a unit's section")
        lines = [f"[{section}]\n"]
        for key, value in entries.items():
            items = value if isinstance(value, list) else [value]
            lines += [f"{key}={_line(written(item), key)}\n" for item in items]
        sections.append("".join(lines))
    return "\n".join(sections)


def _line(text: str, what: str) -> str:
    if "\n" in text or "\r" in text or "\0" in text:
        raise ValueError(f"the value of {what} has a line break or NUL; expected one line")
    return text


_WRITERS: dict[str, Callable[[Any], str]] = {
    "json": _json,
    "env": _env,
    "lines": _lines,
    "unit": _unit,
}
