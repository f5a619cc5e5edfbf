"""What the pillar schema says about ``eos:heal`` is what the healer reads, and its names exist."""

import json
from pathlib import Path

import pytest

from saltext.eos.utils import heal_names, heal_settings
from saltext.eos.utils.validate import findings

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "generated/pillar/eos.schema.json").read_text())["properties"]["heal"]


def leaves(schema, path=()):
    """Give every leaf of the schema that is no free map, with its path."""
    found = {}
    for name, inner in schema.get("properties", {}).items():
        if "properties" in inner:
            found |= leaves(inner, (*path, name))
        elif "additionalProperties" not in inner:
            found[(*path, name)] = inner
    return found


def nested(path, value):
    for name in reversed(path):
        value = {name: value}
    return value


def test_the_schema_names_exactly_what_the_healer_reads():
    told = {path for path in leaves(SCHEMA) if path[0] in ("notify", "webhook")}
    assert set(leaves(SCHEMA)) - told == set(heal_settings._FIELDS)
    assert told == {
        ("notify", "severity"), ("notify", "returners"), ("notify", "digest", "most"),
        ("notify", "digest", "every"), ("webhook", "url"), ("webhook", "severity"),
        ("webhook", "ca"), ("webhook", "within"),
    }  # fmt: skip
    free = {name for name, inner in SCHEMA["properties"].items() if "additionalProperties" in inner}
    assert free - {path[0] for path in heal_settings._FIELDS} == set(heal_settings._FREE)


@pytest.mark.parametrize("path", sorted(heal_settings._FIELDS), ids=":".join)
def test_a_default_of_the_schema_is_the_healers(path):
    leaf = leaves(SCHEMA)[path]
    if "default" not in leaf:
        assert path == ("primary",)
        return
    assert heal_settings.read(nested(path, leaf["default"])) == heal_settings.read(None)


WRONG = [
    {"mode": "on"}, {"mod": "observe"}, {"bucket": {"sise": 5}}, {"bucket": {"size": 0}},
    {"bucket": {"size": True}}, {"bucket": {"every": 600}}, {"bucket": 5}, {"mass_failure": 101},
    {"jobs": {"web": "off"}}, {"windows": {"n": {"kind": "maybe", "opens": "1:00", "lasts": "1h"}}},
    {"windows": {"n": {"kind": "deny", "opens": "25:00", "lasts": "1h"}}},
    {"windows": {"n": {"kind": "deny", "opens": 1350, "lasts": "1h"}}},
    {"windows": {"n": {"kind": "deny", "days": "sun,x", "opens": "1:00", "lasts": "1h"}}},
    {"windows": {"n": {"kind": "deny", "opens": "1:00"}}}, {"primary": ["n1"]}, {"attempts": 1.5},
    {"notify": {"severity": "loud"}}, {"notify": {"returners": "slack"}}, {"webhook": {}},
    {"notify": {"returners": ["../x"]}}, {"notify": {"digest": {"most": 0}}}, {"notify": {"to": 1}},
    {"webhook": {"url": "http://ops.example/"}}, {"webhook": {"url": "https://x/", "key": "k"}},
    {"webhook": {"url": "https://x/", "ca": "ca.pem"}},
]  # fmt: skip


@pytest.mark.parametrize("heal", WRONG, ids=json.dumps)
def test_an_editor_refuses_what_the_healer_refuses(heal):
    assert findings(SCHEMA, heal)
    with pytest.raises(heal_settings.Refused):
        heal_settings.read(heal)


def said(contract, pillar, heal):
    return [str(one) for one in heal_names.judge(contract, {**pillar, "heal": heal})]


def test_every_mistake_is_told_at_once_with_path_expected_and_found(contract, pillar):
    heal = {
        "mode": "enforced",
        "components": {"consull": "enforce", "consul": "of"},
        "jobs": {"wep": "warn"},
        "bucket": {"size": "5"},
        "primary": "n11",
    }
    assert said(contract, pillar, heal) == [
        "eos:heal:mode: expected one of observe, warn, enforce (did you mean enforce?); found "
        '"enforced"',
        'eos:heal:components:consul: expected one of observe, warn, enforce; found "of"',
        'eos:heal:bucket:size: expected a whole number from 1 on; found "5"',
        "eos:heal:components:consull: expected one of host, tls, consul, terraform "
        "(did you mean consul?); found a name that is none of them",
        "eos:heal:jobs:wep: expected one of eos-canary, web (did you mean web?); found a name that "
        "is none of them",
        'eos:heal:primary: expected a node of eos:topology (did you mean n1?); found "n11"',
    ]


def test_a_database_is_a_job_of_its_own():
    apps = {"web": {"database": {"memory": "1GiB"}}, "plain": None}
    assert heal_names.jobs_of(apps) == ["eos-canary", "plain", "web", "web-db"]


@pytest.mark.parametrize("heal", [None, {}])
def test_nothing_said_is_nothing_wrong(contract, pillar, heal):
    assert said(contract, pillar, heal) == []


def test_a_list_is_no_setting(contract, pillar):
    assert said(contract, pillar, ["observe"]) == [
        'eos:heal: expected a mapping; found ["observe"]'
    ]


def test_the_stack_hands_on_what_the_pillar_says(contract, pillar):
    from saltext.eos.utils.compile import Stack

    assert Stack(contract, pillar).heal == {}
    heal = {"mode": "warn", "components": {"consul": "enforce"}}
    assert Stack(contract, {**pillar, "heal": heal}).heal == heal
