"""Bad values of every state and module that is written by hand: named, and nothing is sent."""

import importlib
import inspect

import pytest
from law_states import Elsewhere
from salt.exceptions import CommandExecutionError, SaltInvocationError
from test_bad_input import LONG, NEVER, SECRET, SELDOM

PLACE = {"file": "/tmp/law-none"}
JOB = {"ID": "web", "TaskGroups": []}
CHECK = {"name": "c", "title": "C", "type": "http", "target": "http://a/", "interval": "5m"}
TEXT = [7, True, ["a"], {"a": "b"}]
SPAN = ["soon", "1h 30m", -1, True, ["1h"], float("inf"), float("nan")]
MAP = [7, "text", ["a"]]
FLAG = ["yes", 1, "true", ["a"]]
COUNT = ["many", 1.5, True, -1, ["1"]]
LINES = ["a\nb", "a\0b", "", LONG]
PLACES = [SECRET, [SECRET], 7, {"env": SECRET}]
# State, its arguments as they are right, and what no argument may be. A name of any text has none.
STATES = {
    "consul_kv_tree.present": (
        {"name": "app", "keys": {"a": "b"}, "remove": ["c"]},
        {
            "name": [*TEXT, *LINES, "/a", "a/", "a//b", ".."],
            "keys": [*MAP, {"a": 7}, {"a": "x\0"}, {"/a": "b"}, {"": "b"}, {LONG: "b"}],
            "remove": [7, "some", [7], ["/a"], ["a\0"], {"a": "b"}],
        },
    ),
    "consul_kv_tree.absent": (
        {"name": "app", "remove": "all"},
        {"name": [*TEXT, *LINES, "/a"], "remove": [None, 7, "some", [7], ["/a"]]},
    ),
    "consul_check.present": (
        CHECK,
        {
            "name": [*TEXT, *LINES, "a/b", "*", "🦉", "\"a'"],
            "title": [*TEXT, *LINES],
            "type": ["no such", 7, ["a"]],
            "target": [*TEXT, *LINES],
            "interval": SPAN,
            "timeout": SPAN,
            "method": ["TAKE", 7],
            "tls_server_name": [*TEXT, *LINES],
            "notes": [*TEXT, "a\0b", LONG],
            "service": [*TEXT, *LINES, "a/b"],
            "success_before_passing": COUNT,
            "failures_before_critical": COUNT,
            "deregister_after": SPAN,
            "ttl": ["5m"],
        },
    ),
    "consul_check.absent": ({"name": "c"}, {"name": [*TEXT, *LINES, "a/b", "*", "🦉"]}),
    "consul_maintenance.enabled": (
        {"name": "x", "reason": "y"},
        {"reason": [None, *TEXT, *LINES], "service": [*TEXT, *LINES, "a/b", "*", "🦉"]},
    ),
    "consul_maintenance.disabled": ({"name": "x"}, {"service": [*TEXT, *LINES, "a/b"]}),
    "consul_peering.token_written": (
        {"name": "west", "place": PLACE},
        {
            "name": [*TEXT, *LINES, "a/b", "*", "🦉", "West"],
            "place": PLACES,
            "meta": [*MAP, {"a": 7}],
            "server_external_addresses": [7, "a:1", [7], ["a"], ["a b:1"]],
        },
    ),
    "consul_peering.established": (
        {"name": "west", "token": PLACE},
        {
            "name": [*TEXT, *LINES, "a/b", "*", "🦉"],
            "token": [SECRET, [SECRET], 7],
            "meta": [*MAP, {"a": 7}],
            "within": ["many", 1.5, True, 0, -1, ["1"]],
        },
    ),
    "consul_peering.absent": (
        {"name": "west"},
        {"name": [*TEXT, *LINES, "a/b", "*"], "within": ["many", 1.5, True, 0, -1]},
    ),
    "vault_generated.present": (
        {"name": "kv/app", "fields": {"password": "password"}},
        {
            "name": [*TEXT, *LINES, "kv", "/kv/a", "kv//a"],
            "fields": [*MAP, {}, {"a": SECRET}, {"a": 7}, {"a\n": "uuid"}, {7: "uuid"}],
        },
    ),
    "vault_auth_config.present": (
        {"name": "jwt", "config": {"bound_issuer": "x"}},
        {
            "name": [*TEXT, *LINES, "/a", "a//b"],
            "config": [*MAP, {}, {"bindpass": SECRET}, {7: "a"}],
            "secrets": [*MAP, {"bindpass": SECRET}],
        },
    ),
    "vault_raft_peer.healthy": ({"name": "v1"}, {"name": [*TEXT, *LINES, "a/b", "*", "🦉"]}),
    "vault_raft_peer.absent": ({"name": "v1"}, {"name": [*TEXT, *LINES, "a/b", "*", "🦉"]}),
    "nomad_job.present": (
        {"name": "web", "jobspec": JOB},
        {
            "name": [*TEXT, *LINES, "a b"],
            "namespace": [*TEXT, *LINES, "a/b", "*", "🦉"],
            "within": SPAN,
            "variables": [*MAP],
        },
    ),
    "nomad_job.stopped": (
        {"name": "web"},
        {"name": [*TEXT, *LINES], "namespace": [*TEXT, *LINES, "a/b"], "within": SPAN},
    ),
    "nomad_job.absent": (
        {"name": "web"},
        {
            "name": [*TEXT, *LINES],
            "namespace": [*TEXT, *LINES, "a/b"],
            "purge": FLAG,
            "within": SPAN,
        },
    ),
    "nomad_node.eligible": ({"name": "n1"}, {"name": [*TEXT, *LINES]}),
    "nomad_node.ineligible": ({"name": "n1"}, {"name": [*TEXT, *LINES]}),
    "nomad_node.drained": (
        {"name": "n1"},
        {
            "name": [*TEXT, *LINES],
            "deadline": SPAN,
            "ignore_system_jobs": FLAG,
            "within": SPAN,
        },
    ),
    "nomad_node.meta": (
        {"name": "n1", "meta": {"a": "b"}},
        {"name": [*TEXT, *LINES], "meta": [*MAP, {}, {"a": 7}, {"a b": "c"}, {7: "c"}]},
    ),
    "nomad_scheduler_configuration.present": (
        {"name": "x"},
        {
            "algorithm": ["no such", 7, ["a"]],
            "memory_oversubscription": FLAG,
            "reject_job_registration": FLAG,
            "pause_eval_broker": FLAG,
            "preemption": [*MAP, {"service": "yes"}, {"no such": True}],
        },
    ),
}
# What is a name for people only, or the whole of a jobspec, which Nomad itself reads.
FREE = {
    ("consul_maintenance", "name"),
    ("nomad_scheduler_configuration", "name"),
    ("nomad_job", "jobspec"),
    ("nomad_job", "source"),
}
CASES = [
    (function, field, value)
    for function, (_, fields) in STATES.items()
    for field, values in fields.items()
    for value in values
]


class Nobody:
    """A server that would be told everything: it is never asked."""

    def connection(self):
        return {"address": "http://127.0.0.1:1"}


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Run a state of a service."""

    def run(function, arguments):
        home = Elsewhere(function.partition("_")[0], Nobody())
        for test in (True, False):
            result = home.state(function, test=test, **arguments)
            assert (result["result"], result["changes"], home.sent) == (False, {}, []), result
        return result["comment"]

    return run


@pytest.mark.parametrize(
    ("function", "field", "value"), CASES, ids=[f"{f}-{n}-{i}" for i, (f, n, _) in enumerate(CASES)]
)
def test_a_wrong_value_is_named_with_what_was_expected_and_found(asked, function, field, value):
    """Mutation: hand an argument on as it is, and the server takes it, or says what it means."""
    said = asked(function, {**STATES[function][0], field: value})
    assert said.split(":")[0] == field, said
    assert ": expected " in said and "; found " in said, said
    assert len(said) < 2000, "64 KiB are not repeated to the one who wrote them"
    assert SECRET not in said


def test_every_argument_of_every_state_is_tried():
    """Mutation: add an argument, and nobody sees what becomes of a wrong one."""
    for function, (_, fields) in STATES.items():
        name, _, verb = function.partition(".")
        module = importlib.import_module(f"saltext.eos.states.{name}")
        known = set(inspect.signature(getattr(module, verb)).parameters)
        free = {field for where, field in FREE if where == name}
        assert known - set(fields) - free == set(), function


@pytest.mark.parametrize("function", STATES)
@pytest.mark.parametrize("what", [*NEVER, *SELDOM])
def test_no_name_becomes_a_path_or_a_traceback(asked, monkeypatch, function, what):
    """Mutation: put a name into a path as it is, and `..` or `?` lead elsewhere."""
    from saltext.eos.utils import http

    sent = []

    def refuse(client, method, path, body):
        sent.append(path)
        raise http.BadRequest("no", method=method, path=path, status=400, body=None)

    monkeypatch.setattr(http.Client, "_once", refuse)
    name = {**NEVER, **SELDOM}[what]
    home = Elsewhere(function.partition("_")[0], Nobody())
    result = home.state(function, **{**STATES[function][0], "name": name})
    assert (result["result"], result["changes"]) == (False, {}), result
    assert len(result["comment"]) < 2000
    for path in sent:
        parts = path.partition("?")[0].split("/")
        assert not {"", ".", ".."} & set(parts[1:-1]), path
        assert path.isascii() and not set(path) & set(" \n\0\"'*{}"), path


@pytest.mark.parametrize("path", [*TEXT, *LINES, "relative", "/a/", None])
@pytest.mark.parametrize("verb", ["save", "inspect", "restore"])
def test_a_wrong_path_of_a_snapshot_is_named(verb, path):
    """Mutation: open whatever is named, and a snapshot lies where nobody looks for it."""
    home = Elsewhere("consul", Nobody())
    more = ["dc1"] if verb == "restore" else []
    with pytest.raises((CommandExecutionError, SaltInvocationError)) as raised:
        home.modules[f"consul_snapshot.{verb}"](path, *more)
    said = str(raised.value)
    assert said.startswith("path: expected ") and "; found " in said, said
    assert (len(said) < 2000, home.sent) == (True, [])
