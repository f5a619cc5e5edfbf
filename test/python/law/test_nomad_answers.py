"""What a Nomad answers seldom: writes that came too late, elections, evaluations that give way."""

import http.server
import json
import threading

import pytest

KNOWN = {
    "ID": "web", "Namespace": "default", "Type": "service", "Stop": True, "Version": 2,
    "JobModifyIndex": 7, "TaskGroups": [{"Name": "one", "Count": 1}],
}  # fmt: skip
VERSIONS = {"Versions": [KNOWN, {**KNOWN, "Version": 1, "Stop": False}]}
LOST = "Enforcing job modify index 7: job exists with conflicting job modify index: 9"
PRIOR = "Current job has version 3; enforcing version 2"
ELECTION = (500, "No cluster leader")


class Scripted(http.server.BaseHTTPRequestHandler):
    """Answers each path with the next of its answers; the last one stays."""

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.sent.append(
            (self.command, self.path.partition("?")[0], json.loads(body or "0"))
        )
        left = self.server.script[self.path.partition("?")[0]]
        status, answer = left.pop(0) if len(left) > 1 else left[0]
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_):
        return


@pytest.fixture
def nomad(monkeypatch):
    """Start a server that follows a script; give its options of a minion, and what it was sent."""
    from saltext.eos.utils import http as client
    from saltext.eos.utils import nomad_deployment

    monkeypatch.setattr(nomad_deployment, "POLL", 0.01)
    monkeypatch.setattr(client, "BACK_OFF", 0.01)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def play(**script):
        server.script = {f"/v1/{path.replace('__', '/')}": said for path, said in script.items()}
        server.sent = []
        address = f"http://127.0.0.1:{server.server_address[1]}"
        connections = {"nomad": {"address": address}}
        return {"eos": {"connections": connections}, "pillar": {}, "test": False}, server.sent

    yield play
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("says", [LOST, PRIOR, "no room"], ids=["index", "version", "other"])
def test_a_write_that_came_too_late_is_told_as_such(nomad, says):
    """Mutation: leave the index out, and Nomad takes the write; or call every 500 that."""
    from saltext.eos.utils import nomad_act, nomad_run
    from saltext.eos.utils.http import Conflict, ServerError

    late = [(500, says)]
    opts, sent = nomad(
        job__web=[(200, KNOWN)], job__web__versions=[(200, VERSIONS)],
        job__web__scale=late, job__web__revert=late, jobs=late,
    )  # fmt: skip
    job = nomad_run.Asked("web", "default", opts)
    for act in (
        lambda: nomad_act.scale(job, "one", 2, "", 1),
        lambda: nomad_act.revert(job, 1, None, 1),
        lambda: nomad_act.start(job, 1),
    ):
        with pytest.raises(ServerError if says == "no room" else Conflict, match=says[:20]):
            act()
    scaled, reverted, started = (body for method, _, body in sent if method != "GET")
    assert scaled["JobModifyIndex"] == 7
    assert reverted["EnforcePriorVersion"] == 2
    assert (started["EnforcePriorVersion"], started["JobVersion"]) == (2, 1)


def test_a_job_that_changes_between_two_questions_is_not_registered(nomad):
    """Mutation: take the count of the one and the index of the other, and undo who scaled."""
    from saltext.eos.utils import nomad_run
    from saltext.eos.utils.http import Conflict

    planned = {"Diff": {"Type": "None"}, "JobModifyIndex": 9}
    opts, sent = nomad(job__web=[(200, KNOWN)], job__web__plan=[(200, planned)])
    job = nomad_run.Asked("web", "default", opts)
    with pytest.raises(Conflict, match="another has changed the job web while it was planned"):
        nomad_run.present(job, {"ID": "web"}, None, 1)
    assert [path for _, path, _ in sent].count("/v1/job/web/plan") == 3
    assert "/v1/jobs" not in [path for _, path, _ in sent]


def eval_of(status, **more):
    return (200, {"ID": "e", "JobID": "web", "Status": status, "CreateIndex": 1, **more})


def deployment_of(status, **more):
    return (200, {"ID": "d", "Status": status, "StatusDescription": f"it {status}", **more})


NO_PLACE = {"one": {"NodesEvaluated": 0, "NodesAvailable": {"dc1": 0}}}
WHY = "group one has no place: no node of dc1 and its pool is ready and eligible"
GROUP = {
    "DesiredCanaries": 0, "Promoted": False, "AutoPromote": False, "HealthyAllocs": 0,
    "PlacedAllocs": 0, "DesiredTotal": 1,
}  # fmt: skip
CANARY = {**GROUP, "DesiredCanaries": 1, "PlacedAllocs": 1}
ENDS = {
    "an election in between": (
        {"evaluation__e": [ELECTION] * 4 + [eval_of("complete", DeploymentID="d")],
         "deployment__d": [deployment_of("running"), *[ELECTION] * 4, deployment_of("successful")]},
        ("successful", ""),
    ),
    "a failed evaluation": (
        {"evaluation__e": [eval_of("pending"), eval_of("failed", StatusDescription="too often")]},
        ("failed", "its evaluation was failed: too often"),
    ),
    "no deployment": ({"evaluation__e": [eval_of("complete")]}, ("placed", "")),
    "blocked, then placed": (
        {"evaluation__e": [eval_of("complete", FailedTGAllocs=NO_PLACE, BlockedEval="f")],
         "evaluation__f": [eval_of("blocked"), eval_of("complete")]},
        ("placed", ""),
    ),
    "blocked, and given way to another": (
        {"evaluation__e": [eval_of("complete", FailedTGAllocs=NO_PLACE, BlockedEval="f")],
         "evaluation__f": [eval_of("canceled")],
         "job__web__evaluations": [
             (200, [{"ID": "f", "CreateIndex": 2, "Status": "canceled"},
                   {"ID": "g", "CreateIndex": 3, "Status": "blocked"}])],
         "evaluation__g": [eval_of("complete")]},
        ("placed", ""),
    ),
    "given way to another at once": (
        {"evaluation__e": [eval_of("canceled", StatusDescription="canceled after more recent")],
         "job__web__evaluations": [
             (200, [{"ID": "e", "CreateIndex": 4, "Status": "canceled"},
                   {"ID": "g", "CreateIndex": 3, "Status": "pending"}])],
         "evaluation__g": [eval_of("complete")]},
        ("placed", ""),
    ),
    "canceled, and nothing newer": (
        {"evaluation__e": [eval_of("canceled")], "job__web__evaluations": [(200, [])]},
        ("late", "its evaluation is canceled"),
    ),
    "blocked for good": (
        {"evaluation__e": [eval_of("complete", FailedTGAllocs=NO_PLACE, BlockedEval="f")],
         "evaluation__f": [eval_of("blocked")]},
        ("blocked", WHY),
    ),
    "a deployment without a place": (
        {"evaluation__e": [eval_of("complete", FailedTGAllocs=NO_PLACE, DeploymentID="d")],
         "deployment__d": [deployment_of("running", TaskGroups={"one": GROUP})]},
        ("blocked", WHY),
    ),
    "a deployment that lasts": (
        {"evaluation__e": [eval_of("complete", DeploymentID="d")],
         "deployment__d": [deployment_of("paused", TaskGroups={"one": GROUP})]},
        ("late", "its deployment is paused: it paused"),
    ),
    "canaries to promote": (
        {"evaluation__e": [eval_of("complete", DeploymentID="d")],
         "deployment__d": [
             deployment_of("running", TaskGroups={"one": CANARY, "two": GROUP}),
             deployment_of("running", TaskGroups={"one": {**CANARY, "HealthyAllocs": 1}})]},
        ("unconfirmed", "its canaries are healthy and wait to be promoted"),
    ),
    "another job in its place": (
        {"evaluation__e": [eval_of("complete", DeploymentID="d")],
         "deployment__d": [deployment_of("cancelled")]},
        ("failed", "its deployment cancelled: it cancelled"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("script", "end"), ENDS.values(), ids=list(ENDS))
def test_every_end_has_its_name(nomad, script, end):
    """Mutation: end at the first answer that is no success, and an election fails a deployment."""
    from saltext.eos.utils import nomad_deployment, settings

    opts, _ = nomad(**script)
    found = nomad_deployment.follow(settings.connect("nomad", opts), "e", "default", 0.6)
    assert (found.kind, found.says) == end


def test_an_outage_that_outlasts_the_wait_is_told(nomad):
    from saltext.eos.utils import nomad_deployment, settings
    from saltext.eos.utils.http import ServerError

    opts, _ = nomad(evaluation__e=[ELECTION])
    with pytest.raises(ServerError, match="No cluster leader"):
        nomad_deployment.follow(settings.connect("nomad", opts), "e", "default", 0.1)


def test_what_another_registers_before_a_stop_is_not_stopped(nomad):
    """Mutation: delete at once: Nomad takes no index with it, and stops what nobody has seen."""
    from saltext.eos.utils import nomad_job, settings
    from saltext.eos.utils.http import Conflict

    running = {**KNOWN, "Stop": False}
    opts, sent = nomad(
        job__web=[(200, {**running, "Version": 3})],
        job__web__versions=[(200, VERSIONS)],
        **{"job__web__versions__eos-stopped__tag": [(200, {})]},
    )  # fmt: skip
    with pytest.raises(Conflict, match="another has changed the job web meanwhile; nothing was"):
        nomad_job.stop(settings.connect("nomad", opts), running)
    assert "DELETE" not in [method for method, _, _ in sent]


TAGGED = {"Versions": [{**KNOWN, "VersionTag": {"Name": "eos-stopped"}}]}
REFUSED = (403, "Permission denied")


def test_what_was_done_before_a_stop_was_refused_is_said(nomad):
    """Mutation: say no changes, and a tag that Eos has written is nobody's."""
    from saltext.eos.utils import fate, nomad_run

    running = {**KNOWN, "Stop": False}
    opts, _ = nomad(
        job__web=[(200, running), (200, running), REFUSED, (200, running)],
        job__web__versions=[(200, VERSIONS), (200, VERSIONS), (200, TAGGED)],
        **{"job__web__versions__eos-stopped__tag": [(200, {})]},
    )  # fmt: skip
    with pytest.raises(fate.Unproved, match="has been stopped in part") as raised:
        nomad_run.stopped(nomad_run.Asked("web", "default", opts), 0)
    assert raised.value.changes == {"VersionTag": {"old": None, "new": "eos-stopped"}}


@pytest.mark.parametrize("purge", [True, False])
def test_a_job_that_could_not_be_ended_is_still_kept(nomad, purge):
    """Mutation: take the tag away first, and what was kept may be collected."""
    from saltext.eos.utils import nomad_run
    from saltext.eos.utils.http import Forbidden

    running = {**KNOWN, "Stop": False}
    opts, sent = nomad(
        job__web=[(200, running), (200, running), REFUSED],
        job__web__versions=[(200, TAGGED)],
        **{"job__web__versions__eos-stopped__tag": [(200, {})]},
    )  # fmt: skip
    with pytest.raises(Forbidden):
        nomad_run.absent(nomad_run.Asked("web", "default", opts), 0, purge=purge)
    assert not [path for _, path, _ in sent if path.endswith("/tag")]


LEFT = [
    ([{"ClientStatus": "unknown", "NodeName": "n2"}], [], "1 allocation still runs on n2; of some"),
    ([{"ClientStatus": "running", "NodeName": "n1"}] * 2, [], "2 allocations still run on n1"),
    ([], [{"ID": "web/periodic-1", "ParentID": "web", "Status": "running"}], "periodic-1 go on"),
    ([{"ClientStatus": "lost", "NodeName": "n1"}],
     [{"ID": "web/periodic-1", "ParentID": "web", "Status": "dead"},
      {"ID": "web/b", "ParentID": "", "Status": "running"}], ""),
]  # fmt: skip


@pytest.mark.parametrize(("allocations", "jobs", "says"), LEFT, ids=range(len(LEFT)))
def test_what_may_still_run_of_a_stopped_job_is_said(nomad, allocations, jobs, says):
    """Mutation: look at the tag alone, and a second run calls stopped what runs on."""
    from saltext.eos.utils import nomad_run

    tagged = {"Versions": [{**KNOWN, "VersionTag": {"Name": "eos-stopped"}}]}
    opts, sent = nomad(
        job__web=[(200, KNOWN)], job__web__versions=[(200, tagged)],
        job__web__allocations=[(200, allocations)], jobs=[(200, jobs)],
    )  # fmt: skip
    asked = nomad_run.Asked("web", "default", opts)
    late = nomad_run.stopped(asked, 0.05)
    assert (late["result"], late["changes"]) == (not says, {}), late
    assert says in late["comment"]
    at_once = nomad_run.stopped(asked, 0)
    assert at_once["result"] is True, "`0s` does not wait"
    assert says in at_once["comment"]
    assert {method for method, _, _ in sent} == {"GET"}


FAILED = {
    "ID": "d",
    "Status": "failed",
    "JobID": "web",
    "JobVersion": 2,
    "StatusDescription": "it failed",
}
ALLOCATION = {"ClientStatus": "running", "TaskGroup": "one"}


@pytest.mark.parametrize(("version", "result"), [(1, False), (2, True)])
def test_an_old_version_that_runs_does_not_make_a_failed_one_well(nomad, version, result):
    """Mutation: count what runs whatever its version, and a failed canary is green."""
    from saltext.eos.utils import nomad_run

    known = {**KNOWN, "Stop": False, "CreateIndex": 3}
    planned = {"Diff": {"Type": "None"}, "JobModifyIndex": 7}
    opts, _ = nomad(
        job__web=[(200, known)], job__web__plan=[(200, planned)],
        job__web__deployment=[(200, {**FAILED, "JobCreateIndex": 3})],
        job__web__allocations=[(200, [{**ALLOCATION, "JobVersion": version}])],
        job__web__versions=[(200, VERSIONS)],
        deployment__d=[(200, FAILED)], deployment__allocations__d=[(200, [])],
    )  # fmt: skip
    for test in (False, True):
        asked = nomad_run.Asked("web", "default", {**opts, "test": test})
        said = nomad_run.present(asked, {"ID": "web"}, None, 1)
        assert (said["result"], said["changes"]) == (result, {}), said


def test_a_run_that_another_job_has_started_is_not_registered_by_itself(nomad):
    """Mutation: send it, and it loses its parent and the form of its payload."""
    from salt.exceptions import CommandExecutionError

    from saltext.eos.utils import nomad_act, nomad_run

    child = {**KNOWN, "ParentID": "thumbs"}
    planned = {"Diff": {"Type": "Edited"}, "JobModifyIndex": 7}
    opts, sent = nomad(job__web=[(200, child)], job__web__plan=[(200, planned)])
    asked = nomad_run.Asked("web", "default", opts)
    for act in (
        lambda: nomad_act.start(asked, 1),
        lambda: nomad_run.present(asked, {"ID": "web"}, None, 1),
    ):
        with pytest.raises(CommandExecutionError, match="web is a run of thumbs; expected a job"):
            act()
    assert "/v1/jobs" not in [path for _, path, _ in sent]


REGIONS = [
    ("eu", {"regions": [(200, ["eu"])]}, None),
    ("global", {}, None),
    ("eu", {"regions": [(200, ["eu", "us"])], "agent__self": [(200, {"config": {"Region": "eu"}})]},
     None),
    ("eu", {"regions": [(200, ["eu", "us"])], "agent__self": [(200, {"config": {"Region": "us"}})]},
     "which is us; found 'eu'"),
    ("eu", {"regions": [(200, ["global"])], "agent__self": [(403, "no")]}, "may not ask for"),
]  # fmt: skip


@pytest.mark.parametrize(("region", "script", "says"), REGIONS, ids=range(len(REGIONS)))
def test_a_job_of_another_region_is_refused(nomad, region, script, says):
    """Mutation: send it, and Nomad registers it there, while it is looked for here."""
    from salt.exceptions import CommandExecutionError

    from saltext.eos.utils import nomad_jobspec, settings

    opts, _ = nomad(**script)
    client, job = settings.connect("nomad", opts), {"ID": "web", "Region": region}
    if says is None:
        assert nomad_jobspec.read(client, "web", job, None, None).job["Region"] == region
        return
    with pytest.raises(CommandExecutionError, match=says):
        nomad_jobspec.read(client, "web", job, None, None)
