"""Random valid values of a resource's fields, and other spellings of the same value; seeded."""

from __future__ import annotations

import importlib
import random
import re
from typing import Any

# Python 3.11 moved the parser of patterns.
parser = getattr(re, "_parser", None) or importlib.import_module("sre_parse")
FITTING = {
    "consul_intention": {"action", "permissions"},
    "consul_service_resolver": {"default_subset", "subsets"},
}
"""Fields that a server takes together, or one of at least: they stay as an example has them."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TEXTS = [
    "plain",
    "with blanks inside",
    "quotes \" and ' and \\",
    "Größe, 漢字, 🦉",
    "a: b # no comment",
    "{{ pillar['x'] }} $(id) %s",
    "yes",
    "0123",
    "- 1",
]


class Maker:
    """
    Makes values for one resource.

    :param spec: its table.
    :param table: its file of the law, with samples.
    """

    def __init__(self, spec: dict[str, Any], table: dict[str, Any], seed: str) -> None:
        self.spec, self.table = spec, table
        self.dice = random.Random(seed)

    def example(self) -> dict[str, Any]:
        """Give an example to begin with: there the fields fit together."""
        return self.dice.choice(list(self.table["examples"].values()))["desired"]

    def desired(self, example: dict[str, Any]) -> dict[str, Any]:
        """
        Give arguments of ``present`` that its server must take.

        What the example sets may be another value.
        """
        values = {}
        for name, row in self.spec["fields"].items():
            if row.get("read_only"):
                continue
            if name in example:
                values[name] = self._field(name, row, example[name])
            elif "default" in row and self.dice.random() < 0.5:
                values[name] = self._field(name, row, row["default"])
        for names in self.spec.get("exclusive", ()):
            for name in [one for one in names if one in values][1:]:
                del values[name]
        return values

    def changed(self, values: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
        """
        Give other values for the same object: what names it and what it cannot change stay.

        What some example leaves out may be left out: it then stays as it is.
        """
        rows = self.spec["fields"]
        fixed = {n for n, row in rows.items() if row.get("key") or row.get("immutable")}
        left = {n for n in self._seldom() if self.dice.random() < 0.3}
        other = {n: v for n, v in self.desired(example).items() if n not in fixed | left}
        return {n: v for n, v in values.items() if n in fixed} | other

    def _seldom(self) -> set[str]:
        """Name what can be left out: it has no default, and some example does without it."""
        examples = [one["desired"] for one in self.table["examples"].values()]
        rows = self.spec["fields"]
        seldom = {
            name
            for name, row in rows.items()
            if "default" not in row and any(name not in one for one in examples)
        }
        return seldom - FITTING.get(self.table["resource"], set())

    def spelled(self, values: dict[str, Any]) -> dict[str, Any]:
        """Give the same values as somebody else would write them, in another order."""
        items = list(values.items())
        self.dice.shuffle(items)
        rows = self.spec["fields"]
        kept = [(n, v) for n, v in items if rows[n].get("key") or self._is_said(rows[n], v)]
        return {name: self._spell(rows[name], value) for name, value in kept}

    def _is_said(self, row: dict[str, Any], value: Any) -> bool:
        """Leave a default out now and then."""
        return row.get("default", self) != value or self.dice.random() < 0.5

    def _field(self, name: str, row: dict[str, Any], own: Any) -> Any:
        samples = self.table.get("samples", {}).get(name)
        if samples is not None:
            return self.dice.choice([own, *samples])
        if row.get("key") and name != "name":
            return own
        return self._value(name, row, row["schema"], own)

    def _value(self, spot: str, row: dict[str, Any], schema: dict[str, Any], own: Any) -> Any:
        samples = self.table.get("samples", {}).get(spot)
        if samples is not None:
            return self.dice.choice([own, *samples])
        form = str(schema.get("x-form", ""))
        if form.startswith("place:"):
            return {"file": f"/etc/eos/law/{self.dice.choice(LETTERS)}"}
        if form.startswith("span:"):
            return f"{self.dice.randint(0, 90)}{self.dice.choice('sm')}"
        if "const" in schema:
            return own
        if "enum" in schema:
            return self.dice.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "boolean":
            return self.dice.random() < 0.5
        if kind == "string":
            return own if self._is_bound(row) else self._text(schema)
        if kind == "object" and "properties" in schema and isinstance(own, dict):
            return self._object(spot, row, schema, own)
        if kind == "object" and schema.get("additionalProperties") == {"type": "string"}:
            return {self._name(): self.dice.choice(TEXTS) for _ in range(self.dice.randint(0, 3))}
        return own

    def _object(self, spot: str, row: dict[str, Any], schema: dict[str, Any], own: dict) -> dict:
        rows = row.get("fields", {})
        return {
            name: self._value(f"{spot}.{name}", rows[name], schema["properties"][name], value)
            if self._is_free(f"{spot}.{name}", rows[name])
            else value
            for name, value in own.items()
        }

    def _is_free(self, spot: str, row: dict[str, Any]) -> bool:
        """Tell whether a part of an object may be anything that its samples or its form allow."""
        return spot in self.table.get("samples", {}) or str(row.get("form", "")).startswith("span:")

    def _is_bound(self, row: dict[str, Any]) -> bool:
        """Tell whether a text means something to the server: names and descriptions are free."""
        is_name = row.get("key") and ("pattern" in row["schema"])
        return not (is_name or (row["diff"] == "exact" and row.get("default") == ""))

    def _text(self, schema: dict[str, Any]) -> str:
        pattern = schema.get("pattern")
        if schema.get("x-form") == "slashed":
            return "/".join(self._name() for _ in range(self.dice.randint(1, 3)))
        if pattern is None:
            return self.dice.choice(TEXTS)
        fitting = [text for text in TEXTS if re.search(pattern, text)]
        return self.dice.choice(fitting) if fitting else matching(pattern, self.dice)

    def _name(self) -> str:
        return "".join(self.dice.choice(LETTERS) for _ in range(6))

    def _spell(self, row: dict[str, Any], value: Any) -> Any:
        form = str(row.get("form", ""))
        if form.startswith("span:"):
            return self._span(value)
        if row.get("diff") == "hcl":
            return self.dice.choice([value, f"# why\n{value}", value.replace(" {", "   {")])
        if row.get("shape") == "list" and isinstance(value, list):
            items = list(value)
            if row.get("diff") == "as-set" or isinstance(row.get("diff"), dict):
                self.dice.shuffle(items)
            is_plain = items and all(re.fullmatch(r"[^,\s]+", str(one)) for one in items)
            if row.get("texts") and is_plain and self.dice.random() < 0.5:
                return self.dice.choice([",", ", "]).join(items)
            item = row.get("item") or {}
            return [self._spell(item, one) for one in items]
        if row.get("shape") == "object" and isinstance(value, dict):
            return {name: self._spell(row["fields"][name], one) for name, one in value.items()}
        return value

    def _span(self, value: Any) -> Any:
        """Write a span as a number of seconds, or in another unit."""
        from saltext.eos.utils import diff, forms

        is_text = isinstance(value, str)
        nanoseconds = diff.nanoseconds(value) if is_text else round(value * forms.SECOND)
        seconds, rest = divmod(nanoseconds, forms.SECOND)
        if rest:
            return value
        return self.dice.choice([seconds, f"{seconds}s", forms.span_text(nanoseconds), value])


def matching(pattern: str, dice: random.Random) -> str:
    """Give a text that a pattern of a declaration matches: short, of plain characters."""
    made = _made(parser.parse(pattern), dice)
    assert re.search(pattern, made), (pattern, made)
    return made


def _made(parts: Any, dice: random.Random) -> str:
    return "".join(_one(name, argument, dice) for name, argument in parts)


def _one(name: Any, argument: Any, dice: random.Random) -> str:
    kind = str(name)
    if kind == "LITERAL":
        return chr(argument)
    if kind == "IN":
        return _of(argument, dice)
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, inner = argument
        count = dice.randint(max(int(least), 1), max(int(least), min(int(most), 8)))
        return "".join(_made(inner, dice) for _ in range(count))
    if kind == "SUBPATTERN":
        return _made(argument[-1], dice)
    if kind == "BRANCH":
        return _made(dice.choice(argument[1]), dice)
    if kind == "ANY":
        return dice.choice(LETTERS)
    return ""


def _of(choices: Any, dice: random.Random) -> str:
    kinds = [str(name) for name, _ in choices]
    if kinds[0] == "NEGATE" or "CATEGORY" in kinds:
        return dice.choice(LETTERS)
    name, argument = dice.choice(list(choices))
    return chr(argument if str(name) == "LITERAL" else dice.randint(*argument))
