"""The wheel between a real master and a real minion."""

import copy
import json
import stat

import pytest
from live import Live
from wheel import FIXTURES

PLACEHOLDER = "**********"


def _pillar():
    pillar = json.loads((FIXTURES / "pillar.json").read_text("utf-8"))
    del pillar["topology"]["n2"]
    pillar["topology"]["n1"]["address"] = "127.0.0.1"
    pillar["topology"]["n1"]["memory"] = "1GiB"
    pillar["consul"]["dns"] = 8689
    return pillar


@pytest.fixture(scope="module")
def live(live_home):
    """A running master and minion."""
    live = Live(live_home, _pillar())
    for name in ("orchestration", "consul", "strict", "red", "green"):
        text = (FIXTURES / "live" / f"{name}.sls").read_text("utf-8")
        (live.states / f"{name}.sls").write_text(text.replace("__FOLDER__", str(live_home / "etc")))
    try:
        live.start()
        yield live
    finally:
        live.stop()


def _steps_with_changes(steps):
    return sorted(step for step, result in steps.items() if result["changes"])


@pytest.fixture(scope="module")
def bootstrapped(live):
    """The first run, and what test mode predicted before it."""
    predicted = live.orchestrate("orchestration", "test=True")
    first = live.orchestrate("orchestration")
    return predicted, first


def test_test_mode_predicts_in_one_summary_and_makes_nothing(live, bootstrapped):
    (status, steps), _ = bootstrapped
    assert status == 0, steps
    assert _steps_with_changes(steps) == ["consul on n1", "secrets"]
    assert "would change" in steps["summary"]["comment"]
    assert "secret consul.gossip_key" in steps["summary"]["comment"]


def test_the_first_run_makes_what_was_predicted(live, bootstrapped):
    (_, predicted), (status, steps) = bootstrapped
    assert status == 0, steps
    assert steps["secrets"]["changes"].keys() == predicted["secrets"]["changes"].keys()
    data = json.loads((live.home / "etc/eos.json").read_text("utf-8"))
    assert data["datacenter"] == "dc7"
    assert len(data["encrypt"]) == 44
    assert stat.S_IMODE((live.home / "etc/eos.json").stat().st_mode) == 0o640
    assert not (live.home / "etc/raft.json").exists()
    assert "MemoryMax=536870912\n" in (live.home / "etc/drop-in.conf").read_text("utf-8")


def test_the_second_run_changes_nothing(live, bootstrapped):
    status, steps = live.orchestrate("orchestration")
    assert status == 0, steps
    assert _steps_with_changes(steps) == []
    assert steps["summary"]["comment"] == "bootstrap: nothing changed."


def test_the_lock_is_free_after_a_run(live, bootstrapped):
    assert not (live.store / "lock.json").exists()


def test_no_secret_stands_anywhere_but_in_its_file(live, bootstrapped):
    secret = json.loads((live.home / "etc/eos.json").read_text("utf-8"))["encrypt"].encode()
    found = [
        str(path.relative_to(live.home))
        for path in live.home.rglob("*")
        if path.is_file() and secret in path.read_bytes()
    ]
    assert found == ["etc/eos.json"]
    shown = json.dumps(live.salt("n1", "pillar.items")).encode()
    assert secret not in shown


def test_the_search_for_secrets_would_find_one(live, bootstrapped):
    """Mutation: a leaked copy is found by the same search."""
    secret = json.loads((live.home / "etc/eos.json").read_text("utf-8"))["encrypt"]
    leak = live.home / "m" / "leak"
    leak.write_text(f"log {secret}")
    try:
        with pytest.raises(AssertionError, match="m/leak"):
            test_no_secret_stands_anywhere_but_in_its_file(live, None)
    finally:
        leak.unlink()


def test_the_pillar_mask_is_in_no_file(live, bootstrapped):
    for path in (live.home / "etc").iterdir():
        assert PLACEHOLDER not in path.read_text("utf-8")


def test_a_delivered_secret_opens_and_shows_a_fingerprint_only(live, bootstrapped):
    assert len(live.salt("n1", "eos_secret.fingerprint", "consul.gossip_key")) == 32
    assert live.salt("n1", "eos_secret.names") == [
        "app.web.database_password",
        "consul.admin_token",
        "consul.gossip_key",
    ]


def test_status_tells_what_stands_what_failed_and_what_waits(live, bootstrapped):
    code, found = live.runner("eos.status")
    assert code == 1
    gates = {one["name"]: one["gate"] for one in found["components"]}
    assert gates == {"host": "passed", "tls": "passed", "consul": "failed", "terraform": "passed"}
    consul = next(one for one in found["components"] if one["name"] == "consul")
    assert "got no answer" in consul["observed"] or "CA file" in consul["observed"]
    assert consul["why"] == "no leader"
    assert found["apps"][0]["name"] == "web"
    assert found["problems"] == []
    assert found["needs"][0].startswith("consul on n1 is failed: ")
    assert found["healing"]["state"] in ("off", "running"), found["healing"]
    assert "outputter" not in found


def test_explain_and_plan_and_versions_answer(live, bootstrapped):
    code, found = live.runner("eos.explain", "consul")
    assert code == 0
    assert found["needed_by"] == ["terraform"]
    assert (
        "GET https://127.0.0.1:8501/v1/status/leader is not ''"
        in (found["nodes"]["n1"]["component"]["proven_by"])
    )
    assert live.runner("eos.versions")[1]["skew"] == []
    assert live.runner("eos.plan", "bootstrap")[1]["components"][0]["component"] == "host"


def test_an_unknown_component_is_said_with_the_known_ones(live):
    code, said = live.runner("eos.explain", "consol")
    assert code != 0
    assert said["comment"].startswith("component consol is unknown; expected one of: host, tls")


def test_a_wrong_pillar_is_refused_before_any_host_is_touched(live, bootstrapped):
    wrong = _pillar()
    wrong["consul"]["https"] = "x"
    wrong["topology"]["n1"]["roles"]["consul"] = ["sever"]
    live.set_pillar(wrong)
    try:
        status, said = live.orchestrate("orchestration")
    finally:
        live.set_pillar(_pillar())
    assert status != 0
    assert 'eos:consul:https: expected integer from 1 to 65535; found "x"' in str(said)
    assert "eos:topology:n1:roles:consul:0: expected one of server, client" in str(said)


def test_an_orchestration_without_eos_in_its_pillar_prints_the_missing_line(live):
    live.set_pillar(_pillar(), for_master=False)
    try:
        status, said = live.orchestrate("orchestration")
    finally:
        live.set_pillar(_pillar())
    assert status != 0
    assert "'m_master':" in str(said).replace("\\n", "\n")


def test_force_does_not_get_past_the_guard(live, bootstrapped):
    """Salt itself ignores pillar errors with force=True; the guard does not."""
    live.set_pillar({**_pillar(), "consol": {}})
    try:
        found = live.salt("n1", "state.apply", "consul", "force=True")
    finally:
        live.set_pillar(_pillar())
    results = list(found.values())
    assert len(results) == 1
    assert results[0]["result"] is False
    assert "eos:consol: expected one of" in results[0]["comment"]


def test_a_missing_minion_fails_the_preflight(live, bootstrapped):
    more = copy.deepcopy(_pillar())
    more["topology"]["n2"] = {"address": "127.0.0.2", "memory": "1GiB", "cpus": 1}
    live.set_pillar(more)
    try:
        status, steps = live.orchestrate("orchestration")
    finally:
        live.set_pillar(_pillar())
    assert status != 0
    assert "n2 does not answer" in steps["preflight"]["comment"]
    assert "Traceback" not in steps["preflight"]["comment"]
    assert steps["lock released"]["result"] is True


def _strict(live, nodes, wanted):
    pillar = json.dumps({"nodes": nodes, "wanted": wanted})
    return live.orchestrate("strict", f"pillar={pillar}")


def test_a_step_passes_when_every_expected_minion_does(live):
    """Mutation of the three tests below: the same step, with nothing wrong."""
    status, steps = _strict(live, ["n1"], "green")
    assert (status, steps["step"]["result"], steps["after"]["result"]) == (0, True, True)


def test_a_step_fails_when_a_state_fails_inside(live):
    status, steps = _strict(live, ["n1"], "red")
    assert status != 0
    assert steps["step"]["result"] is False
    assert steps["after"]["result"] is False


def test_a_step_fails_when_an_expected_minion_does_not_exist(live):
    status, steps = _strict(live, ["n1", "n9"], "green")
    assert status != 0
    assert steps["step"]["result"] is False
    assert "n9" in steps["step"]["comment"]


def _start_job(live, seconds):
    """Start a state job on the minion, and return when it runs."""
    live.run("salt", "--async", "n1", "state.single", "cmd.run", f"name=sleep {seconds}")
    for _ in range(20):
        if live.salt("n1", "saltutil.is_running", "state.single"):
            return
    raise AssertionError("the job never ran")


def test_a_running_state_job_is_waited_for(live, bootstrapped):
    _start_job(live, 15)
    code, found = live.runner("eos.preflight")
    assert code == 0, found
    assert "Waited for n1: state.single" in found["comment"]


def test_a_job_that_does_not_end_is_said_at_the_deadline(live, bootstrapped):
    _start_job(live, 20)
    code, said = live.runner("eos.preflight", "within=1")
    assert code != 0
    assert said["comment"].startswith("still running after 1 s: n1: state.single")
    assert live.runner("eos.preflight")[0] == 0


def test_status_has_a_form_for_people(live, bootstrapped):
    shown = live.run("salt-run", "eos.status").stdout
    assert "\nhealing\n" in shown
    assert "\nneeds a person\n  - consul on n1 is failed: " in shown
    assert "passed   host on n1\n" in shown
    assert "failed   consul on n1: " in shown


def test_a_held_lock_is_refused_with_its_holder(live, bootstrapped):
    import os

    from saltext.eos.utils import lock

    opts = {"eos_state_dir": str(live.store)}
    lock.take(opts, "apply", "20260101", "somebody")
    try:
        status, steps = live.orchestrate("orchestration")
    finally:
        lock.release(opts)
    assert status != 0
    comment = steps["lock"]["comment"]
    assert f"apply of somebody (job 20260101, process {os.getpid()})" in comment


def test_a_step_fails_when_an_expected_minion_is_down(live):
    """Last, because it stops the minion."""
    live.stop_minion()
    status, steps = _strict(live, ["n1"], "green")
    assert status != 0
    assert steps["step"]["result"] is False
    assert steps["after"]["result"] is False
