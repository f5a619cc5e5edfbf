"""Between the fields of a resource and the objects its server speaks."""

from __future__ import annotations

import copy
import re
from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.http import Client, NotFound
from saltext.eos.utils.validate import findings

_PLACE = re.compile(r"\{([A-Za-z_]\w*)\}")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/]")


def check(spec: dict[str, Any], desired: dict[str, Any]) -> None:
    """
    Refuse values outside their types before anything is sent.

    :raises CommandExecutionError: every mistake, with field, expected and found.
    """
    wrong = [
        str(item)
        for name, value in desired.items()
        if value is not None
        for item in findings(spec["fields"][name]["schema"], value, (name,))
    ]
    for name, field in spec["fields"].items():
        value = desired.get(name)
        if field.get("key") and isinstance(value, str) and not _is_name(value):
            wrong.append(
                f"{name}: expected a name without `/` and control characters; found {value!r}"
            )
    if wrong:
        raise CommandExecutionError("; ".join(wrong))


def send(client: Client, call: str, values: dict[str, Any], body: Any = None) -> Any:
    """
    Send one of a resource's calls.

    :param call: ``METHOD /path/{field}``.
    :param values: what the places in the path are filled from.
    """
    method, _, path = call.partition(" ")
    return client.request(method, _PLACE.sub(lambda m: _quoted(values, m[1]), path), body)


def to_wire(
    spec: dict[str, Any], desired: dict[str, Any], base: dict[str, Any] | None = None
) -> dict[str, Any]:
    """
    Give the object to send: what the server has, overlaid by what is managed.

    :param base: the object as read; an update must keep what is not managed.
    """
    wire: dict[str, Any] = copy.deepcopy(base or {})
    for name, value in desired.items():
        field = spec["fields"][name]
        if value is None or field.get("read_only"):
            continue
        place = wire
        *folders, last = field["wire"].split(".")
        for folder in folders:
            inner = place.get(folder)
            place[folder] = inner if isinstance(inner, dict) else {}
            place = place[folder]
        place[last] = value
    return wire


def from_wire(spec: dict[str, Any], wire: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of an object as read; ``None`` where the server says nothing."""
    fields = {}
    for name, field in spec["fields"].items():
        value: Any = wire
        for part in field["wire"].split("."):
            value = value.get(part) if isinstance(value, dict) else None
        fields[name] = value
    return fields


def find(client: Client, spec: dict[str, Any], keys: dict[str, Any]) -> dict[str, Any] | None:
    """Read the object that the keys name, as the server has it; ``None`` when it is not there."""
    how = spec["find"]
    if "read" in how and all(keys.get(n) is not None for n in _fields_of(spec, how["read"])):
        try:
            return _opened(spec, send(client, how["read"], keys))
        except NotFound:
            return None
    wanted = {name: keys[name] for name in how.get("match", keys)}
    for item in send(client, how["list"], keys) or ():
        fields = from_wire(spec, item)
        if all(fields[name] == value for name, value in wanted.items()):
            if "read" not in how:
                return dict(item)
            return _opened(spec, send(client, how["read"], {**item, **fields}))
    return None


def wrapped(spec: dict[str, Any], wire: dict[str, Any]) -> dict[str, Any]:
    """Put an object into the envelope its server expects."""
    return {spec["envelope"]: wire} if spec.get("envelope") else wire


def _is_name(value: str) -> bool:
    return value not in ("", ".", "..") and not _UNSAFE.search(value)


def _opened(spec: dict[str, Any], answer: Any) -> dict[str, Any] | None:
    if spec.get("envelope") and isinstance(answer, dict) and spec["envelope"] in answer:
        answer = answer[spec["envelope"]]
    return answer if isinstance(answer, dict) else None


def _fields_of(spec: dict[str, Any], call: str) -> list[str]:
    return _PLACE.findall(call)


def _quoted(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None or value == "":
        raise CommandExecutionError(f"{name} is needed for this request and is not known")
    return quote(str(value), safe="")
