"""What states and modules that are written by hand refuse, in the words of all others."""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.validate import Finding, Path, findings, show

TEXT = {"type": "string", "pattern": r"^[^\x00]*$", "x-says": "text without NUL"}
SLASHED = {
    "type": "string",
    "pattern": (
        r"^(?!/)(?!\.\.?(/|$))(?![\s\S]*(//|/\.\.?(/|$)))[^\x00-\x1f\x7f]{0,511}[^\x00-\x1f\x7f/]$"
    ),
    "x-says": (
        "text of at most 512 characters with `/` between its parts, none of them empty, `.` or `..`"
    ),
}
FILE = {
    "type": "string",
    "pattern": r"^/[^\x00-\x1f\x7f]{0,1022}[^\x00-\x1f\x7f/]$",
    "x-says": "the path of a file, from `/` on",
}
_PART = {"type": "string", "pattern": r"^[^\x00-\x1f\x7f]{1,512}$"}
PLACE = {
    "type": "object",
    "x-form": "place:text",
    "x-says": "the place of a secret, {file: path} or {vault: {path: path, field: name}}",
    "oneOf": [
        {
            "type": "object",
            "properties": {"file": FILE},
            "required": ["file"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {
                "vault": {
                    "type": "object",
                    "properties": {"path": SLASHED, "field": _PART},
                    "required": ["path", "field"],
                    "additionalProperties": False,
                },
            },
            "required": ["vault"],
            "additionalProperties": False,
        },
    ],
}


def named(words: str, most: int = 128, more: str = "._-") -> dict[str, Any]:
    """
    Give the schema of a name: letters and digits, and from the second on some others.

    :param words: what is expected, for a message.
    """
    rest = more.replace("-", r"\-")
    pattern = f"^[A-Za-z0-9][A-Za-z0-9{rest}]{{0,{most - 1}}}$"
    return {"type": "string", "pattern": pattern, "x-says": words}


def refuse_wrong(
    schemas: dict[str, dict[str, Any]],
    values: dict[str, Any],
    needed: tuple[str, ...] = ("name",),
) -> None:
    """
    Refuse values outside their types before anything is sent; ``None`` was left out.

    :param needed: what cannot be left out.
    :raises CommandExecutionError: every mistake, with field, expected and found.
    """
    wrong = [
        str(one)
        for name, value in values.items()
        if value is not None or name in needed
        for one in odd_keys(value, (name,)) or findings(schemas[name], value, (name,))
    ]
    if wrong:
        raise CommandExecutionError("; ".join(wrong))


def odd_keys(value: Any, path: Path) -> list[Finding]:
    """Find keys that are no text: YAML makes `true` of `on`, and JSON makes text of all again."""
    items = value.items() if isinstance(value, dict) else ()
    wrong = [
        Finding((*path, key), "text as the name; quote it", show(key))
        for key, _ in items
        if not isinstance(key, str)
    ]
    inner = enumerate(value) if isinstance(value, list) else items
    return wrong + [one for key, item in inner for one in odd_keys(item, (*path, key))]
