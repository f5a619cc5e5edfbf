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
        assert made["changes"]["Meta[team]"] == {"old": None, "new": "***"}
        stored = salted.client("nomad").get("/v1/job/web")["Meta"]
        assert stored == hcl["variables"]["labels"]
        assert made["changes"]["TaskGroups.server.Count"] == {"old": None, "new": "1"}
        assert "hunter22" not in json.dumps(made)
        assert "hunter22" not in json.dumps(salted.modules["nomad_job.get"]("web"))

        salted.modules["nomad_job.scale"]("web", "server", 2)
        only = {"TaskGroups.server.Count": {"old": "2", "new": "1"}}
        assert present(salted, **hcl)["changes"] == only

        hcl["variables"]["seconds"] = "7200"
        assert present(salted, **hcl)["changes"] == {
            "TaskGroups.server.Tasks.sleep.Config.args[0]": {"old": "***", "new": "***"}
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


SPREAD = [{"Attribute": "${node.datacenter}", "Weight": 70}]
PASSED_OVER = {
    "a job's spread": ({"Spreads": SPREAD}, {}, {}, "Spreads"),
    "a group's spread": ({}, {"Spreads": SPREAD}, {}, "TaskGroups.one.Spreads"),
    "a lifecycle": (
        {}, {}, {"Lifecycle": {"Hook": "poststart", "Sidecar": True}},
        "TaskGroups.one.Tasks.side.Lifecycle",
    ),
    "a task's restart": (
        {}, {}, {"RestartPolicy": {"Attempts": 3}},
        "TaskGroups.one.Tasks.side.RestartPolicy.Attempts",
    ),
}  # fmt: skip


def needing(rule=None, weight=None):
    """Give a job for a device that no node of the tests has, so nothing runs."""
    target = {"LTarget": "${device.attr.memory}", "RTarget": "2 GiB", "Operand": ">="}
    device = {"Name": "nvidia/gpu", "Count": 1}
    if rule:
        device[rule] = [{**target, "RTarget": "4 GiB"} | ({"Weight": weight} if weight else {})]
    made = job("deep")
    made["TaskGroups"][0]["Tasks"][0]["Resources"]["Devices"] = [device]
    return made


def paced(span, where):
    """Give a job that says at the job or at the group how its updates are paced."""
    made = job("deep")
    if where == "job":
        made["Update"] = {"Stagger": span}
    else:
        made["TaskGroups"][0]["Update"]["Stagger"] = span
    return made


NO_NODE = {"Constraints": [{"LTarget": "${meta.deep}", "RTarget": "no", "Operand": "="}]}
DEVICE = "TaskGroups.one.Tasks.main.Resources.Devices.nvidia/gpu."
PASSED_OVER_DEEP = {
    "a device's constraint": (needing(), needing("Constraints"), {f"{DEVICE}Constraints"}),
    "a device's affinity": (
        needing("Affinities", 50), needing("Affinities", 60), {f"{DEVICE}Affinities"},
    ),
    "a group's stagger": (
        job("deep"), paced(60 * 10**9, "group"), {"TaskGroups.one.Update.Stagger"},
    ),
    "a job's stagger": (
        job("deep"), paced(60 * 10**9, "job"), {"Update.Stagger", "TaskGroups.one.Update.Stagger"},
    ),
}  # fmt: skip


@pytest.mark.server
@pytest.mark.parametrize(
    ("one", "other", "names"), PASSED_OVER_DEEP.values(), ids=list(PASSED_OVER_DEEP)
)
def test_what_nomads_plan_passes_over_deep_inside_is_a_change(salted, one, other, names):
    """Mutation: leave one of them out of `nomad_unsaid`, and its change is never applied."""
    salted.serve("nomad")
    with gone(salted, "deep"):
        given = {"name": "deep", "within": "0s"}
        for spec, wanted in ((one, None), (other, names), (one, names)):
            jobspec = {**spec, **NO_NODE}
            looked = salted.state("nomad_job.present", test=True, jobspec=jobspec, **given)
            done = salted.state("nomad_job.present", jobspec=jobspec, **given)
            assert looked["changes"] == done["changes"], done
            assert wanted is None or set(done["changes"]) == wanted, done
            again = salted.state("nomad_job.present", jobspec=jobspec, **given)
            assert again["changes"] == {}, again


@pytest.mark.server
@pytest.mark.parametrize(
    ("job_more", "group_more", "task_more", "name"), PASSED_OVER.values(), ids=list(PASSED_OVER)
)
def test_what_nomads_plan_passes_over_is_a_change(salted, job_more, group_more, task_more, name):
    """Mutation: believe the plan alone, and the change is never applied, and always green."""
    salted.serve("nomad")

    def spec(job_more, group_more, task_more):
        made = job("passed", group=dict(group_more), **job_more)
        tasks = made["TaskGroups"][0]["Tasks"]
        tasks.append({**tasks[0], "Name": "side", **task_more})
        return made

    with gone(salted, "passed"):
        present(salted, "passed", jobspec=spec({}, {}, {}))
        more = present(salted, "passed", jobspec=spec(job_more, group_more, task_more))
        assert list(more["changes"]) == [name]
        back = present(salted, "passed", jobspec=spec({}, {}, {}))
        assert list(back["changes"]) == [name]


@pytest.mark.server
def test_what_nomad_takes_in_silence_is_named(salted):
    """Mutation: believe the plan alone, and a misspelt name is as specified without a word."""
    salted.serve("nomad")
    spec = job("misspelt", Meta={"a": "b"})
    with gone(salted, "misspelt"):
        assert "left out" not in present(salted, "misspelt", jobspec=spec)["comment"]
        (group,) = spec["TaskGroups"]
        group["Cuont"] = 3
        group["Tasks"][0] |= {"Envv": {"A": "b"}, "Env": {"A": "b", "x.y": "z"}}
        said = "Nomad has left out what it does not know: TaskGroups[0].Tasks[0].Envv, "
        said += "TaskGroups[0].Cuont."
        assert present(salted, "misspelt", jobspec=spec)["comment"].endswith(said)
        for test in (False, True):
            again = salted.state("nomad_job.present", test=test, name="misspelt", jobspec=spec)
            assert again["comment"].endswith(said), again


def test_what_a_plan_passes_over_of_a_sidecar_is_a_change_that_shows_no_config():
    """Mutation: leave the tags, or the upstreams, out; or show what an upstream is told."""
    from saltext.eos.utils.nomad_unsaid import changes

    def of(tags=None, config=None):
        upstream = {"DestinationName": "db", "Config": config}
        sidecar = {"Tags": tags, "Proxy": {"Upstreams": [upstream]}}
        service = {"Name": "web", "Connect": {"SidecarService": sidecar}}
        return {"TaskGroups": [{"Name": "a", "Services": [service]}]}

    inner = "TaskGroups.a.Services.web.Connect.SidecarService."
    assert changes(of([], {}), of(None, None)) == {}
    assert changes(of(), of(["v2"])) == {f"{inner}Tags": {"old": None, "new": ["v2"]}}
    hidden = {f"{inner}Proxy.Upstreams.db.Config": {"old": "***", "new": "***"}}
    assert changes(of(config={"key": "a"}), of(config={"key": "b"})) == hidden
    plain = {"TaskGroups": [{"Name": "a", "Services": [{"Name": "web"}]}]}
    assert changes(of(["v1"]), plain) == changes(plain, of(["v1"])) == {}


def test_a_plan_in_another_order_says_the_same():
    """Mutation: number what has one name as it comes, and test mode predicts other changes."""
    from saltext.eos.utils.nomad_diff import changes

    def constraint(target):
        field = {"Type": "Added", "Name": "LTarget", "Old": "", "New": target}
        return {"Type": "Added", "Name": "Constraint", "Fields": [field], "Objects": None}

    one, other = constraint("${attr.a}"), constraint("${attr.b}")
    said = [changes({"Type": "Edited", "Objects": both}) for both in ([one, other], [other, one])]
    assert said[0] == said[1] != {}


def test_a_plugin_that_a_task_is_to_nomad_is_compared_with_its_defaults():
    """Mutation: compare what is said alone, and what is no longer said stays."""
    from saltext.eos.utils.nomad_unsaid import changes

    def of(plugin):
        return {"TaskGroups": [{"Name": "a", "Tasks": [{"Name": "b", "CSIPluginConfig": plugin}]}]}

    said = {"ID": "disk", "Type": "node"}
    known = {**said, "MountDir": "/csi", "StagePublishBaseDir": "/local/csi"}
    known["HealthTimeout"] = 30 * 10**9
    assert changes(of(known), of(said)) == {}
    for plugin in (None, {**said, "Type": "monolith"}, {**said, "HealthTimeout": "1m"}):
        assert list(changes(of(known), of(plugin))) == ["TaskGroups.a.Tasks.b.CSIPluginConfig"]
    assert changes(of({**known, "MountDir": "/x"}), of(said))
    assert changes(None, of(said)) == {}


@pytest.mark.server
def test_a_job_with_braces_in_its_name_is_a_job(salted):
    """Mutation: fill the comment by `str.format`, and the job is written before the traceback."""
    salted.serve("nomad")
    for name in ("a{b}", "a{}", "a{0}"):
        with gone(salted, name):
            made = present(salted, name, jobspec=job(name))
            assert made["comment"].startswith(f"Nomad job {name} has been created.")


def test_a_source_is_of_the_environment_of_its_sls(monkeypatch):
    """Mutation: ask for the file without one, and the job of `base` is registered."""
    from saltext.eos.states import nomad_job

    asked = []
    fetch = {"cp.get_file_str": lambda *given: asked.append(given) or ""}
    for name, value in (("__opts__", {"saltenv": None}), ("__salt__", fetch)):
        monkeypatch.setattr(nomad_job, name, value, raising=False)
    nomad_job.present("web", source="salt://web.hcl")
    monkeypatch.setattr(nomad_job, "__env__", "guests", raising=False)
    said = nomad_job.present("web", source="salt://web.hcl")
    assert said["result"] is False
    assert asked == [("salt://web.hcl", "base"), ("salt://web.hcl", "guests")]


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
def test_a_namespace_may_be_made_by_a_state_before(salted):
    """Mutation: fail in test mode, too, and the first look at a new stack is red."""
    salted.serve("nomad")
    given = {"name": "early", "namespace": "later", "jobspec": job("early")}
    looked = salted.state("nomad_job.present", test=True, **given)
    assert (looked["result"], wrote(salted)) == (None, []), looked
    assert looked["changes"]["Namespace"] == {"old": None, "new": "later"}
    assert looked["comment"].endswith("Until then: there is no namespace later.")
    failed = salted.state("nomad_job.present", **given)
    assert (failed["result"], failed["changes"]) == (False, {}), failed


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
            theirs = salted.client("nomad").get("/v1/job/both?namespace=guests")
            assert theirs["Meta"] == {"of": "guests"}
            listed = salted.modules["nomad_job.list"]()
            assert [one for one in listed if None in one.values()] == []
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
