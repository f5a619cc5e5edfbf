"""Scale, revert, dispatch, stop and start of a Nomad job; and what is refused, on a real server."""

import datetime as dt

import pytest
from jobs import WEB, gone, job
from law_secrets import content
from salt.exceptions import CommandExecutionError


def quoted(name):
    return name.replace("/", "%2F")


PRESENT = "nomad_job.present"


def refused(salted, function, *arguments, **more):
    """Give what a function says when it refuses; it has written nothing."""
    salted.sent.clear()
    with pytest.raises(CommandExecutionError) as err:
        salted.modules[f"nomad_job.{function}"](*arguments, **more)
    assert salted.wrote == [], salted.sent
    return str(err.value)


@pytest.mark.server
def test_a_job_is_scaled_reverted_stopped_and_started(salted):
    """Mutation: take the index out of a write, and what another did meanwhile is overwritten."""
    salted.serve("nomad")
    run = salted.modules
    with gone(salted, "web"):
        assert salted.state(PRESENT, name="web", jobspec=job("web", Meta={"v": "0"}))["result"]
        assert salted.state(PRESENT, name="web", jobspec=job("web", Meta={"v": "1"}))["result"]
        scaled = run["nomad_job.scale"]("web", "one", 2, message="guests")
        assert scaled["changes"] == {"TaskGroups.one.Count": {"old": 1, "new": 2}}
        assert scaled["end"] == "successful"
        assert run["nomad_job.scale"]("web", "one", 2)["changes"] == {}
        back = run["nomad_job.revert"]("web", version=0)
        assert back["changes"] == {"reverted": {"old": 2, "new": 0}}
        client = salted.client("nomad")
        assert client.get("/v1/job/web")["Meta"] == {"v": "0"}
        stopped = run["nomad_job.stop"]("web")
        assert stopped["changes"] == {
            "Stop": {"old": False, "new": True},
            "VersionTag": {"old": None, "new": "eos-stopped"},
        }
        assert run["nomad_job.stop"]("web")["changes"] == {}
        was_stopped = client.get("/v1/job/web")["Version"]
        started = run["nomad_job.start"]("web")
        assert started["changes"] == {"Stop": {"old": True, "new": False}}
        assert run["nomad_job.start"]("web")["changes"] == {}
        said = refused(salted, "revert", "web", was_stopped)
        assert "expected one of its earlier versions in which it ran" in said
        client.put("/v1/job/web/versions/good/tag", {"Version": 1})
        assert run["nomad_job.revert"]("web", tag="good")["changes"]["reverted"]["new"] == 1

        assert "expected one of one; found 'two'" in refused(salted, "scale", "web", "two", 1)
        assert "count: expected" in refused(salted, "scale", "web", "one", -1)
        assert "count: expected" in refused(salted, "scale", "web", "one", "3")
        assert "expected one of its earlier versions" in refused(salted, "revert", "web", 99)
        assert "found neither" in refused(salted, "revert", "web")
        assert "found both" in refused(salted, "revert", "web", 1, "good")
        assert "takes no dispatch" in refused(salted, "dispatch", "web")


@pytest.mark.server
def test_a_job_that_is_started_again_is_scaled_again(salted):
    """Mutation: register what is read: Nomad has disabled its scaling when it was stopped."""
    salted.serve("nomad")
    run, client = salted.modules, salted.client("nomad")
    spec = job("scaled", group={"Scaling": {"Enabled": True, "Min": 1, "Max": 3}})
    with gone(salted, "scaled"):
        assert salted.state(PRESENT, name="scaled", jobspec=spec)["result"] is True
        run["nomad_job.stop"]("scaled")
        (group,) = client.get("/v1/job/scaled")["TaskGroups"]
        assert group["Scaling"]["Enabled"] is False, "the quirk is gone, and so may be its care"
        run["nomad_job.start"]("scaled")
        found = client.get("/v1/job/scaled")
        assert found["TaskGroups"][0]["Scaling"]["Enabled"] is True
        path = f"/v1/job/scaled/submission?version={found['Version']}"
        assert '"scaled"' in client.get(path)["Source"]
        again = salted.state(PRESENT, name="scaled", jobspec=spec)
        assert (again["result"], again["changes"]) == (True, {}), again


@pytest.mark.server
def test_a_run_is_dispatched_once_for_its_word(salted):
    """Mutation: leave the word out, and a repeated state run starts the work again."""
    salted.serve("nomad")
    parameters = {"Payload": "required", "MetaRequired": ["album"]}
    spec = job("thumbs", ("/bin/true",), Type="batch", ParameterizedJob=parameters)
    started = []
    try:
        assert salted.state(PRESENT, name="thumbs", jobspec=spec)["result"] is True
        for turn in range(2):
            said = salted.modules["nomad_job.dispatch"](
                "thumbs", payload="a, b", meta={"album": 7}, token="album 7", within="20s"
            )
            run = said["dispatched"]
            started.append(run)
            assert said["changes"] == ({} if turn else {"dispatched": {"old": None, "new": run}})
            assert "a, b" not in str(said)
        assert started[0] == started[1]
        assert started[0].startswith("thumbs/dispatch-")
        found = salted.modules["nomad_job.get"](started[0])
        assert (found["Meta"], found["Payload"]) == ({"album": "***"}, "***")
        assert salted.client("nomad").get(f"/v1/job/{quoted(started[0])}")["Meta"]["album"] == "7"
        with pytest.raises(CommandExecutionError, match="is a run of thumbs; expected a job"):
            salted.modules["nomad_job.start"](started[0])
        # Nomad keeps no run by a tag.
        kept = salted.state("nomad_job.stopped", name=started[0])
        assert (kept["result"], salted.wrote) == (False, []), kept
        assert "end this run by nomad_job.absent" in kept["comment"]
        place = {"file": "/run/secret/payload"}
        by_place = salted.modules["nomad_job.dispatch"](
            "thumbs", payload=place, meta={"album": 8}, within="20s"
        )
        assert content("/run/secret/payload") not in str(by_place)
        started.append(by_place["dispatched"])
        with pytest.raises(CommandExecutionError, match="album"):
            salted.modules["nomad_job.dispatch"]("thumbs", payload="a")
        # Mutation: write it as Python does, and the run is told `True` or `['7']`.
        for album in (True, ["7"], {"a": "b"}, None):
            with pytest.raises(CommandExecutionError, match="meta:album: expected text"):
                salted.modules["nomad_job.dispatch"]("thumbs", payload="a", meta={"album": album})
    finally:
        for name in (*started, "thumbs"):
            salted.state("nomad_job.absent", name=name, purge=True)


@pytest.mark.server
def test_a_job_that_is_not_there_is_said_not_to_be(salted):
    salted.serve("nomad")
    for function, more in (
        ("scale", ("one", 1)), ("revert", (1,)), ("dispatch", ()), ("stop", ()), ("start", ()),
    ):  # fmt: skip
        said = refused(salted, function, "nothing", *more)
        assert said == ("Nomad job nothing does not exist in namespace default; register it first")
    assert salted.modules["nomad_job.get"]("nothing") is None


@pytest.mark.server
def test_a_token_that_may_not_is_told_so(salted, weak):
    """Mutation: take a 403 for absence, and a job that runs is registered as a new one."""
    weak('namespace "default" { policy = "read" }')
    for test in (True, False):
        result = salted.state(PRESENT, test=test, name="web", jobspec=WEB)
        assert (result["result"], result["changes"]) == (False, {})
        assert "403" in result["comment"]
    weak('node { policy = "read" }')
    for state in ("absent", "stopped"):
        result = salted.state(f"nomad_job.{state}", name="web")
        assert (result["result"], result["changes"]) == (False, {})
        assert "403" in result["comment"]


def test_variables_that_a_jobspec_declares_in_one_block_are_nomads_to_judge():
    """Mutation: know one form of declaration only, and a valid jobspec is refused."""
    from saltext.eos.utils.nomad_jobspec import check_text

    check_text('variables {\n  image = "a"\n}\njob "web" {}', {"image": "b"})
    with pytest.raises(CommandExecutionError, match=r"expected variables of the jobspec \(none\)"):
        check_text('job "web" {}', {"image": "b"})


DAY = dt.date(2026, 11, 22)
WRONG = [
    ({}, "jobspec, source: expected one of them; found neither"),
    ({"jobspec": "a", "source": "salt://b"}, "jobspec, source: expected one of them; found both"),
    ({"jobspec": 7}, "jobspec: expected HCL, JSON text or a map; found a number"),
    ({"jobspec": ""}, "jobspec: expected HCL, JSON text or a map; found nothing"),
    ({"jobspec": ["job"]}, "jobspec: expected HCL, JSON text or a map; found a list"),
    ({"jobspec": "#" * 1_100_000}, "jobspec: expected at most 1048576 characters; found 1100000"),
    ({"jobspec": {"ID": "web"}, "variables": {"a": 1}}, "variables: expected none beside"),
    ({"jobspec": "x", "variables": ["a"]}, "variables: expected a map of values by name; found a"),
    ({"jobspec": "x", "variables": {"a b": 1}}, "variables: expected names of letters"),
    (
        {"jobspec": WEB, "variables": {"secnods": "1"}},
        "variables: expected variables of the jobspec (seconds, labels); found secnods",
    ),
    ({"jobspec": "x", "within": "soon"}, "within: expected a span of time such as 90s or 5m"),
    ({"jobspec": "x", "within": -1}, "within: expected a span of time"),
    ({"jobspec": "x", "within": True}, "within: expected a span of time"),
    ({"jobspec": "x", "namespace": "a b"}, "namespace: expected letters, digits and `-`"),
    ({"jobspec": "x", "namespace": "a&b"}, "namespace: expected letters, digits and `-`"),
    ({"jobspec": {"ID": "web", "Namespace": "a#"}}, "namespace: expected letters, digits and `-`"),
    ({"jobspec": "x", "name": "a\nb"}, "name: expected text without white space"),
    ({"jobspec": "x", "name": "a\0b"}, "name: expected text without white space"),
    ({"jobspec": "x", "name": "n" * 65_536}, "name: expected text without white space"),
    ({"jobspec": "{"}, "jobspec of web: it is no JSON: "),
    ({"jobspec": "[" * 9, "variables": {"a": 1}, "name": ""}, "name: expected text"),
    ({"jobspec": {"ID": "other"}}, "jobspec: expected the job web; found the job 'other'"),
    ({"jobspec": {"ID": "web", "TaskGroups": "x"}}, "TaskGroups: expected a list of maps"),
    ({"jobspec": {"ID": "web", "TaskGroups": [1]}}, "TaskGroups: expected a list of maps"),
    ({"jobspec": {"ID": "web", "Meta": {"a": DAY}}}, "expected what JSON can say"),
    ({"jobspec": {"ID": "web", "Priority": float("nan")}}, "expected what JSON can say"),
    ({"jobspec": WEB, "variables": {"seconds": DAY}}, "variables: expected texts, numbers"),
    ({"jobspec": {"Job": 7}}, "jobspec of web: expected a map; found a number"),
    (
        {"jobspec": {"ID": "web", "Namespace": "a"}, "namespace": "b"},
        "namespace: expected a, as the jobspec has it; found b",
    ),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=range(len(WRONG)))
def test_what_cannot_be_a_job_is_refused_before_anything_is_sent(salted, arguments, said):
    """Mutation: leave a check to the server, and it is asked."""
    result = salted.state(PRESENT, **{"name": "web", **arguments})
    assert (result["result"], result["changes"], salted.sent) == (False, {}, []), result
    assert said in result["comment"]
    assert len(result["comment"]) < 500


@pytest.mark.server
def test_what_nomad_cannot_read_is_said_with_its_place(salted):
    salted.serve("nomad")
    hcl = 'job "web" {\n  group "a" {\n    cuont = 1\n  }\n}\n'
    result = salted.state(PRESENT, name="web", jobspec=hcl)
    assert result["result"] is False
    assert result["comment"].startswith("jobspec of web: Nomad cannot read it: ")
    assert "input.hcl:3" in result["comment"]
    assert "cuont" in result["comment"]
    for name in ("salt://no/such/file.hcl", "salt://no file"):
        missing = salted.state(PRESENT, name="web", source=name)
        assert missing["result"] is False
        assert missing["comment"].startswith("source: expected a file")
    salted.files.mkdir(exist_ok=True)
    (salted.files / "web.hcl").write_text(WEB)
    found = salted.state(PRESENT, test=True, name="web", source="salt://web.hcl")
    assert found["result"] is None, found
