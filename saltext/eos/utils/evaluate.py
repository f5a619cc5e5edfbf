"""Resolve references and conditions of a declaration against the values of one node."""

from __future__ import annotations

import re
from typing import Any

SECRET = "$secret"  # noqa: S105 - the name of a key
JOIN = "$join"


class Absent:
    """The value of an optional field that nobody set; it removes the key that refers to it."""


ABSENT = Absent()
_PLACE = re.compile(r"\{([a-z_][A-Za-z0-9_.-]*)\}")


class UnknownReference(Exception):
    """A declaration refers to something its scope does not have."""


class Scope:
    """
    What the references of one component on one node can see.

    :param fields: the component's own values, by field name.
    :param others: values of other components, by component name.
    :param facts: the rest: ``node``, ``peers``, ``budget``, ``derive``, ``stack``, ``entry``.
    """

    def __init__(
        self, fields: dict[str, Any], others: dict[str, dict[str, Any]], facts: dict[str, Any]
    ) -> None:
        self.fields = fields
        self.others = others
        self.facts = facts

    def value(self, path: str) -> Any:
        """
        Give the value at ``path``, or ``ABSENT``.

        :raises UnknownReference: nothing in this scope has that name.
        """
        head, _, rest = path.partition(".")
        head = head.replace("-", "_")
        if head in self.fields and (not rest or head not in self.facts):
            return self._within(self.fields[head], rest, path)
        if head in self.facts:
            return self._within(self.facts[head], rest, path)
        if head in self.others and rest:
            field, _, deeper = rest.partition(".")
            if field in self.others[head]:
                return self._within(self.others[head][field], deeper, path)
        raise UnknownReference(f"reference {path} is unknown")

    @staticmethod
    def _within(value: Any, rest: str, path: str) -> Any:
        for part in rest.split(".") if rest else ():
            if value is ABSENT:
                return ABSENT
            if not isinstance(value, dict) or part not in value:
                raise UnknownReference(f"reference {path} is unknown: there is no {part}")
            value = value[part]
        return value


def resolve(tree: Any, scope: Scope) -> Any:
    """
    Copy ``tree`` with every ``$`` and ``$text`` replaced by its value.

    A key, or list entry, whose value is absent is left out. A secret stays a marker; text around
    a secret becomes a ``$join`` list, to be put together where the secret is opened.
    """
    if isinstance(tree, dict):
        if tree.keys() == {"$"}:
            return scope.value(tree["$"])
        if tree.keys() == {"$text"}:
            return _text(tree["$text"], scope)
        pairs = ((key, resolve(item, scope)) for key, item in tree.items())
        return {key: item for key, item in pairs if item is not ABSENT}
    if isinstance(tree, list):
        return [item for item in (resolve(entry, scope) for entry in tree) if item is not ABSENT]
    return tree


def holds(when: dict[str, Any] | None, roles: list[str], values: dict[str, Any]) -> bool:
    """Tell whether every equality of ``when`` is true; ``role`` is membership."""
    for name, wanted in (when or {}).items():
        if name == "role":
            if wanted not in roles:
                return False
            continue
        value = values.get(name, ABSENT)
        if isinstance(value, dict):
            value = value.get("mode", ABSENT)
        if isinstance(value, bool) != isinstance(wanted, bool) or value != wanted:
            return False
    return True


def markers(data: Any) -> set[str]:
    """Collect the names of all secrets that ``data`` refers to."""
    if isinstance(data, dict):
        if data.keys() == {SECRET}:
            return {data[SECRET]}
        return set().union(*(markers(item) for item in data.values()))
    if isinstance(data, list):
        return set().union(*(markers(item) for item in data))
    return set()


def written(value: Any) -> str:
    """Write a scalar inside text: booleans as true and false, lists joined by commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(written(item) for item in value)
    return str(value)


def _text(text: str, scope: Scope) -> Any:
    parts: list[Any] = []
    end = 0
    for match in _PLACE.finditer(text):
        value = scope.value(match[1])
        if value is ABSENT:
            return ABSENT
        parts.append(text[end : match.start()])
        end = match.end()
        if isinstance(value, dict) and value.keys() == {SECRET}:
            parts.append(value)
        elif isinstance(value, dict) and value.keys() == {JOIN}:
            parts.extend(value[JOIN])
        else:
            parts.append(written(value))
    parts.append(text[end:])
    if all(isinstance(part, str) for part in parts):
        return "".join(parts)
    return {JOIN: [part for part in _merged(parts) if part != ""]}


def _merged(parts: list[Any]) -> list[Any]:
    merged: list[Any] = []
    for part in parts:
        if merged and isinstance(part, str) and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return merged
