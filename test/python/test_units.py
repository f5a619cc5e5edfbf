"""Reloads, summaries, runner steps, sizes and differences."""

import time

import pytest
from salt.utils.immutabletypes import freeze


@pytest.fixture
def unit(monkeypatch, tmp_path):
    """The state with a systemd that became active at a given moment."""
    from saltext.eos.states import eos_unit

    calls = []

    def build(active_since, changed=True, retcode=0):
        file = tmp_path / "file"
        file.write_text("x")
        monotonic = int((time.monotonic() - (time.time() - active_since)) * 1_000_000)
        shown = {"retcode": retcode, "stdout": str(monotonic)}
        functions = {
            "cmd.run_all": lambda *_, **__: shown,
            "service.reload": lambda name: calls.append(name) or True,
        }
        result = {"__id__": "file", "name": str(file), "changes": {"x": 1} if changed else {}}
        monkeypatch.setattr(eos_unit, "__salt__", functions, raising=False)
        monkeypatch.setattr(eos_unit, "__opts__", {"test": False}, raising=False)
        monkeypatch.setattr(eos_unit, "__running__", {"tag": result}, raising=False)
        low = {"onchanges": [{"eos_file": "file"}]}
        monkeypatch.setattr(eos_unit, "__low__", low, raising=False)
        return eos_unit, calls

    return build


def test_a_unit_that_ran_before_its_file_changed_is_reloaded(unit):
    state, calls = unit(active_since=time.time() - 60)
    result = state.reloaded("consul.service")
    assert result["changes"] == {"unit": {"old": "running", "new": "reloaded"}}
    assert calls == ["consul.service"]


def test_a_unit_that_started_after_its_file_changed_is_left_alone(unit):
    state, calls = unit(active_since=time.time() + 1)
    result = state.reloaded("consul.service")
    assert (result["result"], result["changes"], calls) == (True, {}, [])


def test_test_mode_only_predicts_a_reload(unit):
    state, calls = unit(active_since=time.time() - 60)
    state.__opts__["test"] = True
    assert state.reloaded("consul.service")["result"] is None
    assert calls == []


@pytest.fixture
def step(monkeypatch):
    """The state that runs a runner, with the runner's answer given."""
    from saltext.eos.states import eos_run

    fired, asked = [], []

    def build(answer, test=False):
        def runner(name, **more):
            asked.append(more["kwarg"])
            return answer

        monkeypatch.setattr(eos_run, "__salt__", {"saltutil.runner": runner}, raising=False)
        monkeypatch.setattr(eos_run, "announce", lambda _, tag, data: fired.append(tag))
        monkeypatch.setattr(eos_run, "__opts__", {"test": test}, raising=False)
        return eos_run.done("eos.secrets"), fired, asked

    return build


CHANGED = {"success": True, "return": {"changes": {"a": {"old": None, "new": 1}}, "comment": "c"}}
TRACE = """Exception occurred in runner eos.secrets: Traceback (most recent call last):
  File "x.py", line 1, in low
    data["return"] = func(*args, **kwargs)
salt.exceptions.SaltRunnerError: preflight found 1 in the way:
- n2 does not answer
"""


def test_a_step_has_the_changes_its_runner_reports(step):
    result, fired, asked = step(CHANGED)
    assert result["result"] is True
    assert result["changes"] == {"a": {"old": None, "new": 1}}
    assert fired == ["eos.secrets/started", "eos.secrets/done"]
    assert asked == [{"test": False}]
    assert step({"success": True, "return": {"changes": {}, "comment": "c"}})[0]["changes"] == {}


def test_test_mode_reaches_the_runner(step):
    result, _, asked = step(CHANGED, test=True)
    assert result["result"] is None
    assert asked == [{"test": True}]


@pytest.mark.parametrize(("answer", "comment"), [
    ({"success": False, "return": TRACE}, "preflight found 1 in the way:\n- n2 does not answer"),
    ({"success": True, "return": "Passed invalid arguments: x"}, "Passed invalid arguments: x"),
    ({"success": False, "return": {"result": False, "comment": "n2 is down"}}, "n2 is down"),
    ({"success": False, "return": None}, "None"),
    ({}, "None"),
])  # fmt: skip
def test_a_failing_runner_fails_the_step_with_its_own_words(step, answer, comment):
    result, fired, _ = step(answer)
    assert result["result"] is False
    assert result["comment"] == comment
    assert fired[-1] == "eos.secrets/failed"


def test_the_summary_counts_changes_and_names_causes(monkeypatch):
    from saltext.eos.states import eos_summary

    skipped = {"result": False, "comment": "One or more requisite failed: x"}
    inner = {
        "n1": {
            "x": {"__id__": "consul unit", "changes": {"a": 1}, "result": True},
            "y": {"__id__": "consul gate", "changes": {}, "result": False, "comment": "no leader"},
            "z": {"__id__": "later", "changes": {}, **skipped},
        }
    }
    running = {
        "a": {"__id__": "secrets", "__run_num__": 1, "changes": {"secret x": {}}, "result": True},
        "b": {"__id__": "consul on n1", "__run_num__": 2, "changes": {"ret": inner},
              "result": False, "comment": "Run failed on minions: n1"},
        "c": {"__id__": "vault on n1", "__run_num__": 3, "changes": {}, **skipped},
        "d": {"__id__": "lock", "__run_num__": 4, "changes": {}, "result": False,
              "comment": "held"},
    }  # fmt: skip
    heard = []
    monkeypatch.setattr(eos_summary, "announce", lambda _, tag, data: heard.append((tag, data)))
    # As Salt hands it over: frozen, in containers that are no dictionaries.
    monkeypatch.setattr(eos_summary, "__running__", freeze(running), raising=False)
    monkeypatch.setattr(eos_summary, "__opts__", {"test": False}, raising=False)
    entries = {"web": {"held": "HELD web: version 3 failed"}, "wiki": {}}
    form = {"all": {"n1": {"components": {"app": {"each": entries}}}, "n2": {"components": {}}}}
    pillar = freeze({"eos": {"_compiled": form}})
    monkeypatch.setattr(eos_summary, "__pillar__", pillar, raising=False)
    assert eos_summary.told("bootstrap")["comment"] == (
        "bootstrap: 2 changed; steps not reached: 1.\n"
        "failed: consul on n1: consul gate: no leader\n"
        "failed: lock: held\n"
        "HELD web: version 3 failed\n"
        "secrets: secret x\n"
        "consul on n1: consul unit"
    )
    assert heard[0][0] == "bootstrap/finished"
    assert heard[0][1]["changes"] == 2


DIFFERENCES = [
    ("exact", "a", "a", None, False),
    ("exact", "a", "b", None, True),
    ("exact", 1, True, None, True),
    ("exact", [], None, None, False),
    ("exact", None, "anything", None, False),
    ("when-set", "a", "b", None, True),
    ("whole", {"a": 1}, {"a": 1, "b": 2}, None, True),
    ("empty-is-default", "x", "", "x", False),
    ("empty-is-default", "y", "", "x", True),
    ("as-set", ["a", "b"], ["b", "a", "a"], None, False),
    ("as-set", ["a"], None, None, True),
    ("case", "DEBUG", "debug", None, False),
    ("bytes", "1GiB", 1024**3, None, False),
    ("bytes", "1GiB", None, None, True),
    ("at-least", "1GiB", 2 * 1024**3, None, False),
    ("at-least", "1GiB", 1, None, True),
    ("duration", "72h", "72h0m0s", None, False),
    ("duration", "1h", 3_600_000_000_000, None, False),
    ("duration", "1h", "59m", None, True),
    ("hcl", 'a "b" { c = "d  e" }', 'a  "b" {\n  c = "d  e" # why\n}', None, False),
    ("hcl", 'a { c = "d  e" }', 'a { c = "d e" }', None, True),
    ("write-only", "x", None, None, False),
]


@pytest.mark.parametrize(("rule", "wanted", "found", "default", "differs"), DIFFERENCES)
def test_a_rule_tells_a_difference_from_a_spelling(rule, wanted, found, default, differs):
    from saltext.eos.utils.diff import differs as judge

    assert judge(rule, wanted, found, default) is differs


def test_an_unknown_rule_is_an_error():
    from saltext.eos.utils.diff import differs

    with pytest.raises(ValueError, match="diff rule 'about' is unknown"):
        differs("about", 1, 2)


def test_sizes_and_durations():
    from saltext.eos.utils import measures

    assert measures.size("1.5GiB") == 1536 * 1024**2
    assert measures.duration("500ms") == 0.5
    assert measures.duration("5m") == 300
    for text in ("5", "5 m", "-1m", "", None, "1e3s"):
        with pytest.raises(ValueError, match="expected a duration"):
            measures.duration(text)
    with pytest.raises(ValueError, match="expected a size"):
        measures.size("12")
