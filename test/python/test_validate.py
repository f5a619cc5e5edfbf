"""The validator says what JSON Schema says, and more kindly."""

import json
import random
import subprocess

import pytest
from wheel import ROOT

SCHEMAS = [
    {"type": "string"},
    {"type": "string", "pattern": "^[a-z]+$"},
    {"type": "integer", "minimum": 1, "maximum": 3},
    {"type": "number", "minimum": 0.5},
    {"type": "boolean"},
    {"type": ["string", "null"]},
    {"enum": ["a", 1, True, None]},
    {"const": 1},
    {"const": True},
    {"type": "array", "items": {"type": "integer"}},
    {"type": "object", "additionalProperties": {"type": "string"}},
    {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer", "default": 1}},
        "required": ["a"],
        "additionalProperties": False,
    },
    {
        "anyOf": [
            {
                "type": "object",
                "properties": {"mode": {"const": "file"}, "path": {"type": "string"}},
                "required": ["mode"],
                "additionalProperties": False,
            },
            {
                "type": "object",
                "properties": {"mode": {"const": "raft"}, "voters": {"type": "integer"}},
                "required": ["mode", "voters"],
                "additionalProperties": False,
            },
        ]
    },
    {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 2}]},
    {"anyOf": [{"type": "string"}, {"type": "null"}]},
    {"pattern": "a\\.b$|^[$]x"},
]
ATOMS = ["", "a", "abc", "abc\n", "a.b", "$x", "file", "raft", 0, 1, 1.0, 1.5, 2, 3, 4, -1]
ATOMS += [True, False, None, [], {}, [1], [1, "a"], ["a"]]
KEYS = ["a", "b", "mode", "path", "voters", "other"]

NODE = ROOT / "node_modules/.bin/node"
JUDGE = """
const Ajv = require('ajv/dist/2020').default
const ajv = new Ajv({ strict: false, allErrors: true })
const { schemas, values } = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const checks = schemas.map((schema) => ajv.compile(schema))
process.stdout.write(JSON.stringify(checks.map((check) => values.map((value) => check(value)))))
"""


def _values(count):
    chance = random.Random(7)

    def value(depth):
        kind = chance.random()
        if depth == 0 or kind < 0.4:
            return chance.choice(ATOMS)
        if kind < 0.6:
            return [value(depth - 1) for _ in range(chance.randrange(3))]
        return {chance.choice(KEYS): value(depth - 1) for _ in range(chance.randrange(4))}

    modes = [{"mode": m, "voters": v} for m in ("file", "raft", "x") for v in (1, "1")]
    return [*ATOMS, *modes, {"mode": "file"}, {"a": "x"}, *(value(2) for _ in range(count))]


@pytest.fixture(scope="module")
def judged():
    """Every value under every schema, as ajv judges it."""
    values = _values(1500)
    done = subprocess.run(
        [str(NODE) if NODE.exists() else "node", "-e", JUDGE],
        input=json.dumps({"schemas": SCHEMAS, "values": values}),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return values, json.loads(done.stdout)


def test_agrees_with_ajv_on_every_value(judged):
    from saltext.eos.utils.validate import findings

    values, verdicts = judged
    for schema, row in zip(SCHEMAS, verdicts, strict=True):
        for value, verdict in zip(values, row, strict=True):
            found = findings(schema, value)
            assert (not found) == verdict, (schema, value, found)
    assert any(any(row) for row in verdicts)
    assert not all(all(row) for row in verdicts)


def test_a_validator_that_takes_true_for_one_would_not_agree(judged, monkeypatch):
    """Mutation of the test above: Python's own equality."""
    from saltext.eos.utils import validate

    monkeypatch.setattr(validate, "same", lambda left, right: left == right)
    with pytest.raises(AssertionError):
        test_agrees_with_ajv_on_every_value(judged)


def test_refuses_a_keyword_it_does_not_know():
    from saltext.eos.utils.validate import findings

    with pytest.raises(ValueError, match="keyword format is not supported"):
        findings({"type": "string", "format": "uuid"}, "x")


def test_every_schema_of_the_contract_uses_known_keywords_only():
    from saltext.eos.utils.validate import CHECKED, SILENT

    def keywords(schema):
        yield from schema
        for name in ("properties",):
            for inner in schema.get(name, {}).values():
                yield from keywords(inner)
        for name in ("items", "additionalProperties"):
            if isinstance(schema.get(name), dict):
                yield from keywords(schema[name])
        for name in ("anyOf", "oneOf"):
            for inner in schema.get(name, ()):
                yield from keywords(inner)

    seen = set()
    for path in (ROOT / "generated/contract").rglob("*.json"):
        fields = json.loads(path.read_text("utf-8")).get("fields", {})
        for field in fields.values():
            seen |= set(keywords(field.get("schema", {})))
    assert seen <= CHECKED | SILENT
