"""The declared events as the wheel brings them: what is refused, and the line for an operator."""

import json
import re

import pytest
import yaml
from wheel import ROOT, SITE

from saltext.eos.beacon_config import eos_oom
from saltext.eos.events import table
from saltext.eos.utils import bridge_envelope, bridge_tag, contract, record_beacon

CONTRACTS = sorted((SITE / "saltext/eos/contract/events").glob("*.json"))
PAGE = (ROOT / "generated/docs/events.md").read_text("utf-8")


def _examples():
    for path in CONTRACTS:
        declared = json.loads(path.read_text("utf-8"))
        for verb, one in declared["spec"]["verbs"].items():
            yield {"event": declared["event"], "verb": verb, **one["example"]}


def _killed(**leaves):
    (event,) = (
        one for one in _examples() if (one["event"], one["verb"]) == ("kernel/oom", "killed")
    )
    for path, value in leaves.items():
        part, _, leaf = path.partition("__")
        event[part][leaf] = value
    return event


def test_the_table_has_every_declared_event():
    declared = {json.loads(path.read_text("utf-8"))["event"] for path in CONTRACTS}
    assert set(table.TABLE) == set(table.CHECKS) == declared
    assert "bridge" in declared


@pytest.mark.parametrize(
    "event", list(_examples()), ids=lambda one: f"{one['event']} {one['verb']}"
)
def test_an_example_fits_and_reads_as_its_page_says(event):
    assert table.problem(event) is None
    assert f"\n> {table.says(event)}\n" in PAGE.replace("\\|", "|")


def test_what_wakes_a_person_says_what_to_do_as_its_page_does():
    for event in _examples():
        words = table.TABLE[event["event"]]["verbs"][event["verb"]]
        is_grave = words["severity"] in ("warning", "critical")
        assert (table.advice(event) is not None) == is_grave
        if is_grave:
            assert f"\n| what to do | {table.advice(event)} |\n" in PAGE.replace("\\|", "|")


def test_a_command_in_advice_keeps_a_hostile_name_one_word():
    declared = [one for one in _examples() if one["event"] == "nomad/job"]
    (event,) = (one for one in declared if one["verb"] == "drifted")
    event["subject"]["job"] = "web; $(reboot)'\n"
    assert "history -p -namespace=default 'web; $(reboot)'\"'\"'\\n'` shows" in table.advice(event)


def test_an_envelope_of_the_page_would_be_taken_into_the_inbox():
    envelopes = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    assert [bridge_envelope.problem(one) for one in envelopes] == [None] * len(list(_examples()))


def test_engine_and_sidecar_make_the_same_tag():
    for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL):
        one = json.loads(text)
        assert bridge_tag.tag_of(one["event"], one["verb"], one["subject"]) == one["tag"]


@pytest.mark.parametrize(
    ("leaves", "says"),
    [
        ({"subject__process": "\ud800"}, 'subject.process: expected text or null; found "\\ud800"'),
        ({"verdict__consumers": ["\udfff"]}, "verdict.consumers: expected a list of text; found "),
        ({"change__count": 5.0}, "change.count: expected a whole number; found 5.0"),
        ({"change__count": float("nan")}, "change.count: expected a whole number; found NaN"),
        ({"change__count": 10**400}, "change.count: expected a whole number; found 1000000000"),
        ({"subject__nme": "x" * 500}, 'subject.nme: expected no such key; found "xxxxxxxxxxxxx'),
        ({"subject__a\nb": None}, 'subject."a\\nb": expected no such key; found null'),
    ],
)
def test_what_only_python_can_hold_is_refused_on_one_short_line(leaves, says):
    found = table.problem(_killed(**leaves))
    assert found is not None
    assert found.startswith(says)
    assert len(found) < 160
    assert found.isprintable()


@pytest.mark.parametrize("event", [None, 5, [], {}, "kernel/omo", ""])
def test_an_event_that_nobody_declares_is_refused(event):
    found = table.problem({**_killed(), "event": event})
    assert found == f"event: expected a declared event; found {json.dumps(event)}"


def test_the_line_for_an_operator_stays_one_line():
    event = _killed(subject__process="a\nb\x1b[31m\u2028c", subject__job="j" * 1000)
    line = table.says(event)
    assert line.isprintable()
    assert "a\\nb\\x1b[31m\\u2028c" in line
    assert "j" * 200 + "…" in line
    assert "j" * 201 not in line


def test_no_line_counts_one_thing_as_many():
    """``1 restarts`` reads wrong."""
    counts = "count|restarts|queued|total|placed|healthy|unhealthy|evaluated|filtered|exhausted"
    counted = re.compile(rf"\{{(?:change|verdict)\.(?:{counts})\}} [a-z]{{2,}}")
    lines = [
        (event, verb, found[0])
        for event, one in table.TABLE.items()
        for verb, words in one["verbs"].items()
        if (found := counted.search(words["says"].replace("} in all", "}")))
    ]
    assert lines == []


def test_nothing_is_a_dash_and_truth_is_a_word():
    event = _killed(subject__task=None, subject__job="", verdict__anon="0")
    assert "task - of -: own_limit, 0 bytes" in table.says(event)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, None),
        (eos_oom.DEFAULTS, None),
        ({"interval": 0.5, "burst": 1}, None),
        ({"enabled": True, "disable_during_state_run": True, "beacon_module": "eos_oom"}, None),
        ({"burst": 0}, "burst"),
        ({"burst": 1001}, "burst"),
        ({"burst": "120"}, "burst"),
        ({"ignore": "web"}, "ignore"),
        ({"bust": 5}, "bust"),
        ({"interval": -1}, "interval"),
    ],
)
def test_a_beacon_is_configured_within_its_bounds(settings, says):
    is_valid, found = record_beacon.valid("eos_oom", [settings], eos_oom.SCHEMA)
    assert is_valid == (says is None)
    assert says is None or says in found


def test_the_drop_in_says_every_default():
    text = (SITE / "saltext/eos/beacon_config/eos_oom.conf").read_text("utf-8")
    (settings,) = yaml.safe_load(text)["beacons"].values()
    assert {key: value for one in settings for key, value in one.items()} == eos_oom.DEFAULTS


def test_the_pillar_reads_a_contract_with_events_and_beacons():
    index = json.loads((contract.HOME / "index.json").read_text("utf-8"))
    assert "kernel_oom" in index["events"]
    assert "oom" in index["beacons"]
    assert list(contract.load().components) == index["components"]
