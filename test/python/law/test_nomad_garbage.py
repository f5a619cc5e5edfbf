"""Answers that are none of Nomad's: a job, a node or a scheduler is neither there nor gone."""

import pytest
from salt.exceptions import CommandExecutionError, SaltInvocationError
from test_law_garbage import BODIES, server  # noqa: F401 - a fixture

SPEC = {"ID": "web", "Name": "web", "TaskGroups": [{"Name": "one"}]}


def acts(opts):
    """Give everything that asks Nomad something."""
    from saltext.eos.utils import nomad_act, nomad_nodes, nomad_run, nomad_scheduler, settings

    job, node = nomad_run.Asked("web", "default", opts), nomad_nodes.Node("n1", opts)
    client = settings.connect("nomad", opts)
    return {
        "present": lambda: nomad_run.present(job, SPEC, None, 1),
        "present in HCL": lambda: nomad_run.present(job, 'job "web" {}', None, 1),
        "stopped": lambda: nomad_run.stopped(job, 1),
        "absent": lambda: nomad_run.absent(job, 1, purge=True),
        "scale": lambda: nomad_act.scale(job, "one", 2, "", 1),
        "revert": lambda: nomad_act.revert(job, 1, None, 1),
        "dispatch": lambda: nomad_act.dispatch(job, None, None, None, 1),
        "stop": lambda: nomad_act.stop(job, 1),
        "start": lambda: nomad_act.start(job, 1),
        "eligible": lambda: nomad_nodes.eligibility(node, "eligible", test=False),
        "drained": lambda: nomad_nodes.drained(node, "1s", 1, ignore_system_jobs=False, test=False),
        "meta": lambda: nomad_nodes.told(node, {"a": "b"}, test=False),
        "scheduler": lambda: nomad_scheduler.read(client),
        "write": lambda: nomad_scheduler.write(client, _Any(), 1),
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
