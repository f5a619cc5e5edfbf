"""What may be tried: settings in pillar's form and policies by override, refused as pillar is."""

from __future__ import annotations

import pytest

from saltext.eos.policies.table import TABLE
from saltext.eos.utils import heal_settings
from saltext.eos.utils.heal_backtest_try import Refused, tried


def test_settings_go_over_those_of_today():
    today = {"mode": "observe", "debounce": {"least": "3s", "most": "9s"}}
    found = tried(today, TABLE, settings="{debounce: {least: 1s}, attempts: 2}", mode="enforce")
    assert found.settings.mode == "enforce"
    assert (found.settings.debounce_least, found.settings.debounce_most) == (1.0, 9.0)
    assert found.settings.pace.attempts == 2
    assert found.changes == (
        "attempts: default -> 2", "debounce:least: 3s -> 1s", "mode: observe -> enforce",
    )  # fmt: skip
    assert found.table == TABLE


def test_a_mapping_is_as_good_as_text():
    """Salt makes a mapping of what looks like YAML before a verb sees it."""
    given = {"debounce": {"least": "1s"}}
    assert tried({}, TABLE, settings=given) == tried({}, TABLE, settings="{debounce: {least: 1s}}")


def test_settings_are_refused_as_pillar_is():
    for text in ("{mode: enforced}", "{debounce: {last: 1s}}", "{attempts: 0}", "{blast: 4}"):
        with pytest.raises(heal_settings.Refused) as refused:
            tried({}, TABLE, settings=text)
        with pytest.raises(heal_settings.Refused) as pillar:
            import yaml

            heal_settings.read(yaml.safe_load(text))
        assert str(refused.value) == str(pillar.value)


def test_a_policy_keeps_what_is_not_said():
    change = {"lost_registration": {"limits": {"cool_down": "5m"}, "require": {"hook": None}}}
    found = tried({}, TABLE, policies=change).table["lost_registration"]
    assert found["limits"] == {"attempts": None, "cool_down": 300.0}
    assert found["require"] == {**TABLE["lost_registration"]["require"], "hook": None}
    assert found["key"] == TABLE["lost_registration"]["key"]
    assert TABLE["lost_registration"]["limits"]["cool_down"] is None


def test_a_whole_policy_may_be_new():
    text = """
    policies:
      lost_tasks:
        on: [nomad/task/gave_up]
        key: [subject.namespace, subject.job]
        act: {do: evaluate}
    """
    found = tried({}, TABLE, text=text)
    assert found.table["lost_tasks"]["act"] == {"do": "evaluate"}
    assert found.table["lost_tasks"]["require"]["classes"] == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"lost": {}}, "policies:lost: expected one of"),
        ({"lost_registration": 3}, "policies:lost_registration: expected a mapping; found 3"),
        ({"lost_registration": {"limit": {}}}, "policies:lost_registration: expected some of"),
        ({"lost_registration": {"limits": {"attempts": 0}}},
         "policies:lost_registration:limits:attempts: expected a whole number from 1 on; found 0"),
        ({"lost_registration": {"limits": {"attemps": 1}}}, "(did you mean attempts?)"),
        ({"lost_registration": {"require": {"hook": "os.system"}}}, "allocation_runs"),
        ({"lost_registration": {"require": {"repeated": {"times": 2, "within": "soon"}}}},
         "require:repeated:within: expected a time such as '10m'; found \"soon\""),
        ({"lost_registration": {"on": ["nomad/alloc/fail"]}}, "on:0: expected an event"),
        ({"lost_registration": {"key": ["job"]}}, "key:0: expected a leaf such as subject.job"),
        ({"lost_registration": {"act": {"do": "reboot"}}}, "act:do: expected one of apply"),
    ],
)  # fmt: skip
def test_a_policy_is_refused_where_it_is_wrong(given, says):
    with pytest.raises(Refused) as refused:
        tried({}, TABLE, policies=given)
    assert says in str(refused.value)


def test_a_file_of_something_else_is_refused():
    with pytest.raises(Refused, match="file: expected settings and policies; found mode"):
        tried({}, TABLE, text="mode: enforce")
    with pytest.raises(Refused, match="file: expected YAML"):
        tried({}, TABLE, text="{")
