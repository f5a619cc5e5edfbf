"""A job of Nomad by the law: predicted, applied, quiet, repaired, gone; on a real server."""

import json

import pytest
import yaml
from jobs import WEB, gone, job
from wheel import ROOT

NIGHTLY = {"Enabled": True, "SpecType": "cron", "Spec": "0 3 * * *"}
ASKS = ("/v1/jobs/parse", "/plan?")


def wrote(salted):
    """Give what was sent that may change something: Nomad's parser and its plan write nothing."""
    return [one for one in salted.wrote if not any(part in one[1] for part in ASKS)]


def present(salted, name="web", test=False, **arguments):
    """Apply a job; test mode has said so before, and a second run has nothing to do."""
    state = "nomad_job.present"
    predicted = salted.state(state, test=True, name=name, **arguments)
    assert (predicted["result"], wrote(salted)) == (None, []), predicted
    applied = salted.state(state, name=name, **arguments)
    assert applied["result"] is True, applied
    assert applied["changes"] == predicted["changes"]
    for test in (False, True):
        again = salted.state(state, test=test, name=name, **arguments)
        assert (again["result"], again["changes"], wrote(salted)) == (True, {}, []), again
    return applied


@pytest.mark.server
def test_a_job_in_hcl_obeys_the_law(salted):
    """Mutation: compare the source with Nomad's submission, and the count is not seen to drift."""
    salted.serve("nomad")
    hcl = {"jobspec": WEB, "variables": {"labels": {"team": 'a "b" ${c} %{d} \\ 漢\n'}}}
    with gone(salted, "web"):
        made = present(salted, **hcl)
        assert made["comment"].startswith("Nomad job web has been created.")
        assert made["changes"]["Meta[team]"] == {"old": None, "new": 'a "b" ${c} %{d} \\ 漢\n'}
        assert made["changes"]["TaskGroups.server.Count"] == {"old": None, "new": "1"}
        assert "hunter22" not in json.dumps(made)
        assert "hunter22" not in json.dumps(salted.modules["nomad_job.get"]("web"))

        salted.modules["nomad_job.scale"]("web", "server", 2)
        only = {"TaskGroups.server.Count": {"old": "2", "new": "1"}}
        assert present(salted, **hcl)["changes"] == only

        hcl["variables"]["seconds"] = "7200"
        assert present(salted, **hcl)["changes"] == {
            "TaskGroups.server.Tasks.sleep.Config.args[0]": {"old": "3600", "new": "7200"}
        }

        leaving = salted.state("nomad_job.absent", test=True, name="web")
        assert (leaving["result"], salted.wrote) == (None, [])
        left = salted.state("nomad_job.absent", name="web")
        assert (left["result"], left["changes"]) == (True, leaving["changes"]), left
        assert left["changes"]["ID"] == {"old": "web", "new": None}
        assert salted.state("nomad_job.absent", name="web")["changes"] == {}


@pytest.mark.server
@pytest.mark.parametrize("form", ["map", "text", "under Job"])
def test_a_job_in_json_obeys_the_law(salted, form):
    salted.serve("nomad")
    spec = job("plain", Meta={"a": "b"})
    jobspec = {"map": spec, "text": json.dumps(spec), "under Job": {"Job": spec}}[form]
    with gone(salted, "plain"):
        present(salted, "plain", jobspec=jobspec)
        salted.modules["nomad_job.scale"]("plain", "one", 0, within="0s")
        only = {"TaskGroups.one.Count": {"old": "0", "new": "1"}}
        assert present(salted, "plain", jobspec=jobspec)["changes"] == only


@pytest.mark.server
def test_what_nomad_calls_edited_without_a_name_is_no_change(salted):
    """Mutation: believe the plan's `Edited`, and a job with scaling is registered in each run."""
    salted.serve("nomad")
    policy = {
        "source": "prometheus",
        "query": "sum(up)",
        "strategy": {"target-value": {"target": 2}},
    }
    scaling = {"Enabled": True, "Min": 1, "Max": 3, "Policy": policy}
    spec = job("scaled", group={"Scaling": scaling})
    with gone(salted, "scaled"):
        present(salted, "scaled", jobspec=spec)
        client = salted.client("nomad")
        planned = client.post("/v1/job/scaled/plan", {"Job": spec, "Diff": True})
        assert planned["Diff"]["Type"] == "Edited", "the quirk is gone, and so may be its care"
        scaling["Max"] = 4
        changes = present(salted, "scaled", jobspec=spec)["changes"]
        assert changes == {"TaskGroups.one.Scaling.Max": {"old": "3", "new": "4"}}
        policy["query"] = "sum(down)"
        assert len(present(salted, "scaled", jobspec=spec)["changes"]) == 1


@pytest.mark.server
def test_a_count_within_its_scaling_belongs_to_who_scales(salted):
    """Mutation: send the declared count, and each run undoes what the autoscaler did."""
    salted.serve("nomad")
    scaling = {"Enabled": True, "Min": 1, "Max": 3}
    spec = job("scaled", group={"Scaling": scaling})
    with gone(salted, "scaled"):
        present(salted, "scaled", jobspec=spec)
        salted.modules["nomad_job.scale"]("scaled", "one", 3)
        again = salted.state("nomad_job.present", name="scaled", jobspec=spec)
        assert (again["result"], again["changes"]) == (True, {}), again
        scaling["Max"] = 2
        changes = present(salted, "scaled", jobspec=spec)["changes"]
        assert changes == {
            "TaskGroups.one.Count": {"old": "3", "new": "1"},
            "TaskGroups.one.Scaling.Max": {"old": "3", "new": "2"},
        }


@pytest.mark.server
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nightly", {"Type": "batch", "Periodic": NIGHTLY}),
        ("thumbnails", {"Type": "batch", "ParameterizedJob": {"Payload": "optional"}}),
        ("once", {"Type": "batch"}),
        ("everywhere", {"Type": "system"}),
        ("once-everywhere", {"Type": "sysbatch"}),
    ],
)  # fmt: skip
def test_jobs_of_every_type_are_quiet_in_the_second_run(salted, name, kind):
    salted.serve("nomad")
    command = ("/bin/true",) if "batch" in kind["Type"] else ("/bin/sleep", "3600")
    with gone(salted, name):
        present(salted, name, jobspec=job(name, command, **kind))


@pytest.mark.server
def test_a_job_of_another_namespace_is_another_job(salted):
    """Mutation: leave the namespace out of one request, and the job of `default` is changed."""
    salted.serve("nomad")
    assert salted.state("nomad_namespace.present", name="guests")["result"] is True
    elsewhere = {"namespace": "guests", "jobspec": job("both", Meta={"of": "guests"})}
    try:
        present(salted, "both", **elsewhere)
        with gone(salted, "both"):
            present(salted, "both", jobspec=job("both"))
            assert salted.modules["nomad_job.get"]("both", "guests")["Meta"] == {"of": "guests"}
            listed = salted.modules["nomad_job.list"]()
            assert sorted(one["Namespace"] for one in listed if one["ID"] == "both") == [
                "default", "guests",
            ]  # fmt: skip
    finally:
        salted.state("nomad_job.absent", name="both", namespace="guests", purge=True)
        left = salted.state("nomad_namespace.absent", name="guests")
    assert left["result"] is True, left


@pytest.mark.server
def test_the_page_shows_states_that_are_applied_as_they_stand(salted):
    """Mutation: let the page's YAML drift from the states' arguments."""
    salted.serve("nomad")
    page = (ROOT / "docs/resources/nomad_job.md").read_text("utf-8")
    blocks = [yaml.safe_load(part.split("```")[0]) for part in page.split("```yaml\n")[1:]]
    applied = []
    for block in blocks:
        for identity, states in block.items():
            ((function, given),) = states.items()
            arguments = {name: value for one in given for name, value in one.items()}
            applied.append(function)
            result = salted.state(function, **{"name": identity, **arguments})
            assert (result["result"], bool(result["changes"])) == (True, True), result
    assert applied == ["nomad_job.present", "nomad_job.stopped", "nomad_job.absent"]
