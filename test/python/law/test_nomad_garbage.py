"""Answers that are none of Nomad's: a job, a node or a scheduler is neither there nor gone."""

import pytest
from salt.exceptions import CommandExecutionError, SaltInvocationError
from test_law_garbage import BODIES, server  # noqa: F401 - a fixture
from test_nomad_answers import nomad  # noqa: F401 - a fixture

SPEC = {"ID": "web", "Name": "web", "TaskGroups": [{"Name": "one"}]}


STEPS = ("stopped", "absent", "scale", "revert", "stop", "start", "eligible", "drained", "meta")


def acts(opts, within=1):
    """Give everything that asks Nomad something."""
    from saltext.eos.utils import nomad_act, nomad_nodes, nomad_run, nomad_scheduler, settings

    job, node = nomad_run.Asked("web", "default", opts), nomad_nodes.Node("n1", opts)
    client = settings.connect("nomad", opts)
    return {
        "present": lambda: nomad_run.present(job, SPEC, None, within),
        "present in HCL": lambda: nomad_run.present(job, 'job "web" {}', None, within),
        "stopped": lambda: nomad_run.stopped(job, within),
        "absent": lambda: nomad_run.absent(job, within, purge=True),
        "scale": lambda: nomad_act.scale(job, "one", 2, "", within),
        "revert": lambda: nomad_act.revert(job, 1, None, within),
        "dispatch": lambda: nomad_act.dispatch(job, None, None, None, within),
        "stop": lambda: nomad_act.stop(job, within),
        "start": lambda: nomad_act.start(job, within),
        "eligible": lambda: nomad_nodes.eligibility(node, "eligible", test=False),
        "drained": lambda: nomad_nodes.drained(
            node, "1s", within, ignore_system_jobs=False, test=False
        ),
        "meta": lambda: nomad_nodes.told(node, {"a": "b"}, test=False),
        "scheduler": lambda: nomad_scheduler.read(client),
        "write": lambda: nomad_scheduler.write(
            client, _Any(), {"ModifyIndex": 1, "PreemptionConfig": {}}
        ),
    }


class _Any(dict):
    """Has everything."""

    def __missing__(self, key):
        return False


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_garbage_ends_in_a_message(server, body):  # noqa: F811
    """Mutation: take a member without a look at what has it, and Salt shows a traceback."""
    server.body = body
    address = f"http://127.0.0.1:{server.server_address[1]}"
    opts = {"eos": {"connections": {"nomad": {"address": address}}}, "pillar": {}, "test": False}
    for name, act in acts(opts).items():
        server.asked.clear()
        with pytest.raises((CommandExecutionError, SaltInvocationError, ValueError)) as err:
            act()
        assert str(err.value), name
        # Nomad's parser and its plan are asked by POST, and write nothing.
        assert len(server.asked) <= 3, (name, server.asked)
        assert not {"PUT", "DELETE"} & set(server.asked) or name == "write", (name, server.asked)


JOB = {
    "ID": "web", "Namespace": "default", "Type": "service", "Stop": False, "Version": 2,
    "CreateIndex": 3, "JobModifyIndex": 7, "TaskGroups": [{"Name": "one", "Count": 1}],
}  # fmt: skip
GROUP = {"Name": "one", "DesiredCanaries": 1, "DesiredTotal": 1}
DEPLOYED = {
    "ID": "d", "Status": "failed", "JobID": "web", "JobVersion": 2, "JobCreateIndex": 3,
    "TaskGroups": {"one": GROUP},
}  # fmt: skip
FAILED = {"TaskGroup": "one", "TaskStates": {"main": {"Events": [{"Type": "Terminated"}]}}}
EVALUATION = {"ID": "e", "JobID": "web", "Status": "complete", "DeploymentID": "d"}
NODE = {"ID": "n", "Name": "n1", "Status": "ready", "SchedulingEligibility": "eligible"}
NODE |= {"DrainStrategy": {"Deadline": 1, "IgnoreSystemJobs": False}, "Meta": {}}
GOOD = {
    "job__web": JOB,
    "job__web__plan": {
        "JobModifyIndex": 7,
        "Diff": {"Type": "Edited", "Fields": [
            {"Type": "Edited", "Name": "Priority", "Old": "1", "New": "2"}]},
        "FailedTGAllocs": {"one": {"NodesAvailable": {"dc1": 1}, "DimensionExhausted": {"cpu": 1}}},
        "Annotations": {"DesiredTGUpdates": {"one": {"Place": 1}}},
    },
    "jobs": {"EvalID": "e"},
    "job__web__scale": {"EvalID": "e"},
    "job__web__revert": {"EvalID": "e"},
    "job__web__versions": {"Versions": [JOB, {**JOB, "Version": 1}]},
    "job__web__versions__eos-stopped__tag": {},
    "job__web__evaluations": [{"ID": "e", "CreateIndex": 1, "Status": "complete"}],
    "job__web__deployment": DEPLOYED,
    "job__web__allocations": [
        {"ClientStatus": "running", "NodeName": "n1", "TaskGroup": "one", "JobVersion": 1}],
    "evaluation__e": EVALUATION,
    "deployment__d": DEPLOYED,
    "deployment__allocations__d": [FAILED],
    "nodes": [NODE],
    "node__n": NODE,
    "node__n__drain": {},
    "node__n__eligibility": {},
    "node__n__allocations": [{"ClientStatus": "running", "JobID": "web"}],
    "client__metadata": {"Meta": {}},
    "operator__scheduler__configuration": {},
}  # fmt: skip
SPOILT = [None, [], "text", 7, [7], [{}], {"one": 7}]


def spoilt(answer):
    """Give an answer as it must not be: as a whole, and in each of its members."""
    yield from SPOILT
    inner = answer[0] if isinstance(answer, list) and answer else answer
    for name in inner if isinstance(inner, dict) else ():
        for bad in SPOILT:
            one = {**inner, name: bad}
            yield [one] if isinstance(answer, list) else one


@pytest.mark.parametrize("name", ["present", "quiet", *STEPS])
def test_garbage_at_any_step_ends_in_a_message(nomad, monkeypatch, name):  # noqa: F811
    """Mutation: look at the first answer only, and a later one ends in a traceback."""
    from saltext.eos.utils import nomad_deployment, nomad_nodes

    for module in (nomad_deployment, nomad_nodes):
        monkeypatch.setattr(module, "POLL", 0.001)
    monkeypatch.setattr(nomad_nodes, "SEEN_WITHIN", 0.001)
    quiet = {"job__web__plan": {"JobModifyIndex": 7, "Diff": {"Type": "None"}}}
    good = {**GOOD, **(quiet if name == "quiet" else {})}

    def run(script):
        opts, sent = nomad(**{step: [(200, one)] for step, one in script.items()})
        try:
            acts(opts, within=0.001)["present" if name == "quiet" else name]()
        except (CommandExecutionError, SaltInvocationError, ValueError) as err:
            assert str(err), (name, script)
        return {path.removeprefix("/v1/").replace("/", "__") for _, path, _ in sent}

    for step in run(good):
        for bad in spoilt(good[step]):
            run({**good, step: bad})
