"""What the pillar may say about healing."""

from __future__ import annotations

import datetime as dt

import pytest

from saltext.eos.utils import heal_settings


def test_nothing_said_is_safe():
    settings = heal_settings.read(None)
    assert settings.mode == "observe"
    assert (settings.bucket_size, settings.bucket_every) == (5, 600.0)
    assert settings.pace.attempts == 3


def test_everything_can_be_set():
    found = heal_settings.read(
        {
            "mode": "warn", "components": {"vault": "observe"}, "jobs": {"web": "enforce"},
            "bucket": {"size": 2, "every": "1m"}, "debounce": {"least": "1s", "most": "2s"},
            "attempts": 2, "breaker": {"open": "2h", "most": "4h"},
            "cool_down": {"first": "30s", "most": "1h", "stable": "2h"},
            "blast": {"share": 20, "within": "30m"}, "mass_failure": 30, "healer_wait": "5m",
            "decision": {"valid": "1m", "refire": 1}, "windows": [], "webhook": None,
            "own": "2m", "contended": {"flips": 3, "within": "2h"},
            "view": {"again": "5s", "fresh": "10s", "unknown": "1h", "watch": "30s"},
        }
    )  # fmt: skip
    assert found.pace == (2, 30, 3600, 7200, 7200, 14400)
    assert (found.bucket_size, found.bucket_every, found.decision_refire) == (2, 60, 1)
    assert (found.own_window, found.flips, found.contended_within) == (120, 3, 7200)
    assert (found.look, found.fresh, found.unknown_for, found.watch_every) == (5, 10, 3600, 30)
    assert found.mode_of("web", None) == "enforce"
    assert found.mode_of("web", "vault") == "observe"
    assert found.mode_of("api", None) == "warn"


@pytest.mark.parametrize(
    ("pillar", "says"),
    [
        ({"mode": "on"}, "eos:heal:mode: expected one of"),
        ({"mod": "observe"}, "eos:heal:mod: expected one of .*did you mean mode.*an unknown key"),
        (
            {"bucket": {"sise": 5}},
            "heal:bucket:sise: expected .*did you mean size.*; found an unknown key",
        ),
        ({"bucket": {"size": 0}}, "eos:heal:bucket:size: expected a whole number"),
        ({"bucket": {"size": True}}, "eos:heal:bucket:size: expected a whole number"),
        ({"bucket": {"every": "0s"}}, "eos:heal:bucket:every: expected a time"),
        ({"bucket": 5}, "eos:heal:bucket: expected a mapping"),
        ({"mass_failure": 101}, "eos:heal:mass_failure: expected percent"),
        ({"jobs": {"web": "off"}}, "eos:heal:jobs:web: expected one of"),
        ({"components": {"vault": "enforced"}}, "did you mean enforce"),
        ({"primary": ["n1"]}, "eos:heal:primary: expected the id of a minion"),
        (
            {"debounce": {"least": "30s"}},
            "debounce:least: expected no more than .*most, 20 s",
        ),
        ({"breaker": {"most": "10m"}}, "eos:heal:breaker:open: expected no more than"),
        ({"cool_down": {"first": "5h"}}, "eos:heal:cool_down:first: expected no more than"),
        ({"windows": {"n": {"kind": "deny", "opens": 1350}}}, "n:opens: expected .*in quotes"),
        ({"windows": {"n": {"kind": "maybe"}}}, "eos:heal:windows:n:kind"),
        ({"windows": {"n": {"kind": "deny", "opens": "25:00"}}}, "eos:heal:windows:n:opens"),
        ({"windows": {"n": {"kind": "deny", "days": "sun,x"}}}, "eos:heal:windows:n:days"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(pillar, says):
    with pytest.raises(heal_settings.Refused, match=says):
        heal_settings.read(pillar)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-21T22:29:59", False),  # a Saturday
        ("2026-11-21T22:30:00", True),
        ("2026-11-22T01:29:59", True),
        ("2026-11-22T01:30:00", False),
        ("2026-11-22T23:00:00", False),
    ],
)
def test_a_window_opens_on_its_day_and_may_last_into_the_next(moment, is_open):
    night = {"kind": "deny", "days": "sat", "opens": "22:30", "lasts": "3h"}
    (window,) = heal_settings.read({"windows": {"night": night}}).windows
    wall = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.timezone.utc).timestamp()
    assert window.is_open(wall) is is_open
