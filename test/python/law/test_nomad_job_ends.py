"""How a registration may end, and what another does meanwhile; on a real server."""

import socket
import time

import pytest
from jobs import gone, job

PRESENT = "nomad_job.present"


def await_status(client, name, wanted):
    """Wait until Nomad says this of a job."""
    ends = time.monotonic() + 30
    while client.get(f"/v1/job/{name}")["Status"] != wanted:
        assert time.monotonic() < ends, f"{name} is not {wanted}"
        time.sleep(0.2)


@pytest.mark.server
def test_a_deployment_that_fails_says_why_and_what_was_changed(salted):
    """Mutation: return before the deployment has ended, and a job that never ran is green."""
    salted.serve("nomad")
    spec = job("broken", ("/bin/sh", "-c", "exit 7"), healthy=2 * 10**9)
    with gone(salted, "broken"):
        failed = salted.state(PRESENT, name="broken", jobspec=spec, within="60s")
        assert failed["result"] is False
        assert failed["comment"].startswith(
            "Nomad job broken has been created, but it failed: its deployment failed: "
        ), failed
        assert "task one/main: " in failed["comment"]
        assert "Exit Code: 7" in failed["comment"]
        assert failed["changes"]["TaskGroups.one.Count"] == {"old": None, "new": "1"}
        for test in (False, True):
            again = salted.state(PRESENT, test=test, name="broken", jobspec=spec)
            assert (again["result"], again["changes"]) == (False, {})
            assert again["comment"].startswith(
                "Nomad job broken is registered as specified, but it failed: "
            )
        mended = salted.state(PRESENT, name="broken", jobspec=job("broken"))
        assert mended["result"] is True, mended


@pytest.mark.server
def test_what_runs_and_is_unhealthy_stays_failed(salted):
    """Mutation: count what runs, healthy or not, and the second run is green."""
    salted.serve("nomad")
    update = {"MinHealthyTime": 0, "HealthyDeadline": 2 * 10**9, "ProgressDeadline": 3 * 10**9}
    check = {"Type": "tcp", "Interval": 10**9, "Timeout": 10**9, "PortLabel": "web"}
    group = {
        "Update": {**update, "HealthCheck": "checks"},
        "Services": [{"Name": "s", "Provider": "nomad", "Checks": [check]}],
    }
    client = salted.client("nomad")
    with socket.socket() as place, gone(salted, "sick"):
        place.bind(("", 0))
        port = {"Label": "web", "Value": place.getsockname()[1]}
        group["Networks"] = [{"Mode": "host", "ReservedPorts": [port]}]
        given = {"name": "sick", "jobspec": job("sick", group=group), "within": "30s"}
        assert salted.state(PRESENT, **given)["result"] is False
        (sick,) = client.get("/v1/job/sick/allocations")
        assert sick["ClientStatus"] == "running"
        for test in (False, True):
            again = salted.state(PRESENT, test=test, **given)
            assert (again["result"], again["changes"]) == (False, {}), again
            assert "it failed: its deployment failed: " in again["comment"]
        # What the page advises helps.
        place.listen()
        salted.modules["nomad_job.stop"]("sick")
        assert salted.modules["nomad_job.start"]("sick")["end"] == "successful"
        again = salted.state(PRESENT, **given)
        assert (again["result"], again["changes"]) == (True, {}), again


@pytest.mark.server
def test_a_service_that_nomad_has_given_up_is_not_as_specified(salted):
    """Mutation: believe that its deployment was good once, and a job of which nothing runs is."""
    salted.serve("nomad")
    client, end = salted.client("nomad"), salted.home / "end"
    command = ("/bin/sh", "-c", f"while [ ! -e {end} ]; do sleep 0.1; done; exit 3")
    given = {"name": "given-up", "jobspec": job("given-up", command)}
    with gone(salted, "given-up"):
        assert salted.state(PRESENT, **given)["result"] is True
        end.touch()
        await_status(client, "given-up", "dead")
        for test in (True, False):
            again = salted.state(PRESENT, test=test, **given)
            assert (again["result"], again["changes"]) == (False, {}), again
            assert "nothing of it runs, and Nomad starts no more of it" in again["comment"]
            assert "purge it by nomad_job.absent and apply again" in again["comment"]
        # What the comment advises helps.
        end.unlink()
        assert salted.state("nomad_job.absent", name="given-up", purge=True)["result"] is True
        assert salted.state(PRESENT, **given)["result"] is True


@pytest.mark.server
@pytest.mark.parametrize("kind", ["none wanted", "a batch that has ended"])
def test_what_shall_not_run_for_ever_may_be_over(salted, kind):
    """Mutation: call every dead job a failure, also one of which nothing shall run."""
    salted.serve("nomad")
    spec = job("over", group={"Count": 0})
    if kind != "none wanted":
        spec = job("over", ("/bin/true",), Type="batch")
    with gone(salted, "over"):
        assert salted.state(PRESENT, name="over", jobspec=spec)["result"] is True
        await_status(salted.client("nomad"), "over", "dead")
        assert salted.state(PRESENT, name="over", jobspec=spec)["result"] is True


@pytest.mark.server
def test_a_deployment_that_is_rolled_back_is_not_taken_for_a_success(salted):
    """Mutation: wait for the job to run instead of for its deployment: the old version runs."""
    salted.serve("nomad")
    update = {"MinHealthyTime": 2 * 10**9, "HealthyDeadline": 10**10, "ProgressDeadline": 10**11}
    group = {"Update": {**update, "AutoRevert": True}}
    with gone(salted, "careful"):
        assert salted.state(PRESENT, name="careful", jobspec=job("careful", group=group))["result"]
        worse = job("careful", ("/bin/sh", "-c", "exit 9"), group=group)
        failed = salted.state(PRESENT, name="careful", jobspec=worse, within="60s")
        assert failed["result"] is False
        assert "rolling back to job version 0" in failed["comment"], failed
        assert failed["changes"], failed


@pytest.mark.server
def test_a_job_without_a_place_says_what_keeps_it(salted):
    """Mutation: call an evaluation that is complete a success: it placed nothing."""
    salted.serve("nomad")
    wants = [{"LTarget": "${meta.eos_gate_data}", "RTarget": "open", "Operand": "="}]
    why = "group one has no place: constraint '${meta.eos_gate_data} = open' excludes 1 node"
    for kind in ("service", "batch"):
        spec = job("gated", ("/bin/sleep", "3600"), Type=kind, Constraints=wants)
        with gone(salted, "gated"):
            looked = salted.state(PRESENT, test=True, name="gated", jobspec=spec)
            assert looked["result"] is None
            assert why[1:] in looked["comment"]
            failed = salted.state(PRESENT, name="gated", jobspec=spec, within="2s")
            assert failed["result"] is False
            assert failed["comment"] == (
                f"Nomad job gated has been created, but it is blocked: {why}"
            )
            assert failed["changes"] == looked["changes"]
            # Mutation: ask for a deployment only, and a job without one is green from now on.
            for test in (False, True):
                again = salted.state(PRESENT, test=test, name="gated", jobspec=spec, within="2s")
                assert (again["result"], again["changes"]) == (False, {}), again
                assert why in again["comment"]


@pytest.mark.server
def test_a_job_without_a_place_is_waited_for(salted):
    """Mutation: give up at the first blocked evaluation, and nothing waits for its gate."""
    salted.serve("nomad")
    wants = [{"LTarget": "${meta.eos_gate_late}", "RTarget": "open", "Operand": "="}]
    client = salted.client("nomad")
    for kind in ("service", "batch"):
        spec = job("late", Type=kind, Constraints=wants)
        client.post("/v1/client/metadata", {"Meta": {"eos_gate_late": None}})
        with gone(salted, "late"):
            first = salted.state(PRESENT, name="late", jobspec=spec, within="0s")
            assert first["result"] is True
            assert "Its deployment was not awaited." in first["comment"]
            client.post("/v1/client/metadata", {"Meta": {"eos_gate_late": "open"}})
            then = salted.state(PRESENT, name="late", jobspec=spec, within="40s")
            assert then["result"] is True, then
    client.post("/v1/client/metadata", {"Meta": {"eos_gate_late": None}})


@pytest.mark.server
def test_a_deployment_that_takes_too_long_is_late(salted):
    salted.serve("nomad")
    update = {"MinHealthyTime": 3 * 10**10, "HealthyDeadline": 10**11, "ProgressDeadline": 10**12}
    spec = job("slow", group={"Update": update})
    with gone(salted, "slow"):
        late = salted.state(PRESENT, name="slow", jobspec=spec, within="1s")
        assert late["result"] is False
        assert "it was not done in time: its deployment is running" in late["comment"], late
        looked = salted.state(PRESENT, test=True, name="slow", jobspec=spec)
        assert (looked["result"], looked["changes"]) == (True, {})
        assert "Its deployment is running" in looked["comment"]


@pytest.mark.server
def test_canaries_that_wait_for_a_person_are_said_to_wait(salted):
    """Mutation: wait on, and each run with manual promotion ends with its time."""
    salted.serve("nomad")
    update = {"MinHealthyTime": 0, "HealthyDeadline": 10**10, "ProgressDeadline": 10**11}
    group = {"Update": {**update, "Canary": 1}}
    with gone(salted, "canary"):
        assert salted.state(PRESENT, name="canary", jobspec=job("canary", group=group))["result"]
        newer = job("canary", ("/bin/sleep", "7200"), group=group)
        waits = salted.state(PRESENT, name="canary", jobspec=newer, within="60s")
        assert waits["result"] is True, waits
        assert waits["comment"].endswith("Its canaries are healthy and wait to be promoted.")


@pytest.mark.server
def test_a_canary_that_failed_stays_failed(salted):
    """Mutation: count what runs of every version: the old one runs, and the second run is green."""
    salted.serve("nomad")
    update = {"MinHealthyTime": 10**9, "HealthyDeadline": 10**10, "ProgressDeadline": 11 * 10**9}
    group = {"Update": {**update, "Canary": 1}}
    with gone(salted, "canary-2"):
        first = salted.state(PRESENT, name="canary-2", jobspec=job("canary-2", group=group))
        assert first["result"] is True, first
        worse = job("canary-2", ("/bin/sh", "-c", "exit 9"), group=group)
        failed = salted.state(PRESENT, name="canary-2", jobspec=worse, within="60s")
        assert failed["result"] is False, failed
        for test in (False, True):
            again = salted.state(PRESENT, test=test, name="canary-2", jobspec=worse)
            assert (again["result"], again["changes"]) == (False, {}), again
            assert "is registered as specified, but it failed" in again["comment"]


@pytest.mark.server
def test_a_job_that_another_changed_meanwhile_is_planned_anew(salted, meanwhile):
    """Mutation: register without the index, and what another did is overwritten unseen."""
    salted.serve("nomad")
    spec = job("contended", Meta={"by": "us"})
    with gone(salted, "contended"):
        assert salted.state(PRESENT, name="contended", jobspec=job("contended"))["result"]
        theirs = job("contended", Meta={"by": "them"})
        meanwhile("POST", "/v1/jobs?", lambda client: client.post("/v1/jobs", {"Job": theirs}))
        result = salted.state(PRESENT, name="contended", jobspec=spec)
        assert result["result"] is True, result
        assert result["changes"] == {"Meta[by]": {"old": "***", "new": "***"}}
        assert salted.client("nomad").get("/v1/job/contended")["Meta"] == {"by": "us"}


@pytest.mark.server
def test_a_job_that_another_changes_again_and_again_is_left_to_them(salted, meanwhile):
    """Mutation: try for ever, or force it at last."""
    salted.serve("nomad")
    spec = job("duel", Meta={"by": "us"})
    with gone(salted, "duel"):
        assert salted.state(PRESENT, name="duel", jobspec=job("duel"))["result"]
        turns = iter(range(100))

        def foreign(client):
            client.post("/v1/jobs", {"Job": job("duel", Meta={"by": f"them {next(turns)}"})})

        meanwhile("POST", "/v1/jobs?", foreign, times=100)
        result = salted.state(PRESENT, name="duel", jobspec=spec)
        assert result["result"] is False
        assert "another has changed the job meanwhile" in result["comment"]
        assert next(turns) == 3
        assert salted.client("nomad").get("/v1/job/duel")["Meta"] == {"by": "them 2"}


@pytest.mark.server
def test_a_stopped_job_outlives_garbage_collection(salted):
    """Mutation: stop without the tag, and the job is gone with the one beside it."""
    salted.serve("nomad")
    client = salted.client("nomad")
    spec = job("kept")
    with gone(salted, "kept"):
        for name in ("kept", "lost"):
            assert salted.state(PRESENT, name=name, jobspec=job(name))["result"] is True
        assert salted.state("nomad_job.absent", name="lost")["result"] is True
        looked = salted.state("nomad_job.stopped", test=True, name="kept")
        assert (looked["result"], salted.wrote) == (None, []), looked
        stopped = salted.state("nomad_job.stopped", name="kept")
        assert (stopped["result"], stopped["changes"]) == (True, looked["changes"]), stopped
        assert stopped["changes"] == {
            "Stop": {"old": False, "new": True},
            "VersionTag": {"old": None, "new": "eos-stopped"},
        }
        again = salted.state("nomad_job.stopped", name="kept")
        assert (again["result"], again["changes"], salted.wrote) == (True, {}, [])
        _collected(client, "lost")
        assert salted.modules["nomad_job.get"]("lost") is None
        assert salted.modules["nomad_job.get"]("kept")["Stop"] is True

        started = salted.state(PRESENT, name="kept", jobspec=spec)
        assert started["changes"] == {"Stop": {"old": "true", "new": "false"}}, started
        versions = client.get("/v1/job/kept/versions")["Versions"]
        assert [one["VersionTag"] for one in versions if one.get("VersionTag")] == []
        assert salted.state("nomad_job.stopped", name="no-such-job")["result"] is True


def _collected(client, name):
    """Let Nomad collect its garbage until a job is gone; it keeps what has just ended."""
    ends = time.monotonic() + 60
    while any(one["ID"] == name for one in client.get("/v1/jobs")):
        assert time.monotonic() < ends, client.get(f"/v1/job/{name}")
        client.put("/v1/system/gc")
        time.sleep(0.5)
