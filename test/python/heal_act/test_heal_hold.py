"""A specification that failed is not applied again; all else is, and another pillar frees it."""

from __future__ import annotations

import contextlib
import copy

import pytest
import yaml
from wheel import ROOT

from saltext.eos.pillar import eos as ext
from saltext.eos.states import eos_terraform
from saltext.eos.utils import heal_claim, heal_file, heal_hold, heal_store, heal_view_job, sls
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import Rule

WHAT, REASON = "job:hello@apps", "version 3 of hello failed its deployment"
SAID = f"HELD hello: {REASON}; change its pillar, or `salt-run eos.release {WHAT}`"


@pytest.fixture
def pillar():
    """One node with the applications hello and miniflux."""
    file = ROOT / "kitchen/check/pillars/one.yaml"
    return yaml.safe_load(file.read_text("utf-8"))["eos"]


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """Compile a pillar as the master does."""
    opts = {"id": "m_master", "eos_state_dir": str(tmp_path)}
    monkeypatch.setattr(ext, "__opts__", opts, raising=False)

    def compile_(pillar, minion="n1"):
        made = ext.ext_pillar(minion, {"eos": copy.deepcopy(pillar)})
        assert "_errors" not in made, made
        return made["eos"]["_compiled"]

    return compile_


def _specification(compiled, pillar, job="hello"):
    return heal_view_job.specification(compiled(pillar, "m_master"), "apps", job)


@pytest.fixture
def hold(tmp_path, compiled, pillar):
    """Let the policy hold a specification, as it stands in the healer's file."""

    def put(what=WHAT, job="hello", input_=None, until=None):
        found = _specification(compiled, pillar, job) if input_ is None else input_
        with (
            contextlib.closing(heal_store.Store(tmp_path / heal_file.NAME)) as store,
            store.step(Settings()) as at,
        ):
            end = None if until is None else at.now + until
            store.state.put_rule(Rule("hold", what, REASON, "healer", at.now, end, found))

    return put


def _entries(form):
    return form["components"]["app"]["each"]


def _root(form, name):
    """Give what the states of an application are given, and whether its gate is waited for."""
    (here,) = [one for one in sls.each({"eos": {"_compiled": form}}, "app") if one.name == name]
    arguments = {key: value for one in here.arguments("root") for key, value in one.items()}
    return arguments.get("held"), here.gate is not sls.ABSENT


def test_what_is_held_is_left_alone_and_everything_else_is_applied(compiled, pillar, hold):
    assert _root(compiled(pillar), "hello") == (None, True)
    hold()
    form = compiled(pillar)
    assert _root(form, "hello") == (SAID, False)
    assert _root(form, "miniflux") == (None, True)
    assert _entries(compiled(pillar, "m_master")["all"]["n1"])["hello"]["held"] == SAID


def test_another_pillar_is_another_specification_and_is_applied(compiled, pillar, hold):
    hold()
    changed = copy.deepcopy(pillar)
    changed["apps"]["hello"]["memory"] = "48MiB"
    assert _root(compiled(changed), "hello") == (None, True)
    assert _root(compiled(pillar), "hello") == (SAID, False)


def test_the_hold_itself_is_no_other_specification(compiled, pillar, hold):
    before = _specification(compiled, pillar)
    hold()
    assert _specification(compiled, pillar) == before


def test_the_database_of_an_application_holds_its_root(compiled, pillar, hold):
    hold("job:miniflux-db@apps", "miniflux-db")
    assert _root(compiled(pillar), "miniflux")[0].startswith("HELD miniflux: ")
    assert _root(compiled(pillar), "hello") == (None, True)


def test_a_release_frees_it_from_the_moment_it_is_on_the_disk(compiled, pillar, hold, tmp_path):
    hold()
    heal_claim.tell(tmp_path / heal_file.NAME, {"verb": "release", "what": WHAT}, "ann")
    assert _root(compiled(pillar), "hello") == (None, True)


def test_the_release_of_what_a_person_holds_frees_no_specification(
    compiled, pillar, hold, tmp_path
):  # fmt: skip
    """Mutation: let any release under that name end it."""
    hold(input_="")
    hold()
    body = {"verb": "release", "what": WHAT, "of": "person"}
    heal_claim.tell(tmp_path / heal_file.NAME, body, "ann")
    assert _root(compiled(pillar), "hello") == (SAID, False)


def test_an_end_frees_it(compiled, pillar, hold):
    hold(until=-1.0)
    assert _root(compiled(pillar), "hello") == (None, True)


def test_what_a_person_holds_from_healing_is_applied(compiled, pillar, hold):
    hold(input_="")
    assert _root(compiled(pillar), "hello") == (None, True)


def test_a_damaged_file_stops_no_person(compiled, pillar, hold, tmp_path, caplog):
    hold()
    for path in tmp_path.glob(f"{heal_file.NAME}*"):
        path.write_bytes(b"no database at all, but long enough to be read as one" * 40)
    assert _root(compiled(pillar), "hello") == (None, True)
    assert "cannot be read, so nothing is held" in caplog.text


@pytest.mark.parametrize("test", [True, False])
def test_a_held_root_is_neither_planned_nor_applied(monkeypatch, test):
    """No program, no Vault and no folder is there to be reached."""
    monkeypatch.setattr(eos_terraform, "__opts__", {"test": test}, raising=False)
    arguments = {"root": "hello", "config": {}, "vault": "", "secret_id": "", "home": "/nowhere"}
    found = eos_terraform.applied("root", held=SAID, **arguments)
    assert (found["result"], found["changes"]) == (True, {})
    assert (found["comment"], found["warnings"]) == (SAID, [SAID])


def test_without_the_healers_file_nothing_is_held(tmp_path):
    assert heal_hold.read(tmp_path / "healer.db") == []
