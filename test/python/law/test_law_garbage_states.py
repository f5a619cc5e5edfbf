"""States written by hand before servers that are none, refuse, or fail: nothing is believed."""

import http.server
import threading

import pytest
from law_states import Elsewhere
from programs import free_ports
from salt.exceptions import CommandExecutionError
from test_law_garbage import BODIES, Answering

CHECK = {"name": "c", "title": "C", "type": "ttl", "ttl": "5m"}
STATES = [
    ("consul_kv_tree.present", {"name": "app", "keys": {"a": "b"}, "remove": "all"}),
    ("consul_kv_tree.absent", {"name": "app", "remove": "all"}),
    ("consul_check.present", CHECK),
    ("consul_check.absent", {"name": "c"}),
    ("consul_maintenance.enabled", {"name": "x", "reason": "y"}),
    ("consul_maintenance.enabled", {"name": "x", "reason": "y", "service": "web"}),
    ("consul_maintenance.disabled", {"name": "x"}),
    ("consul_peering.token_written", {"name": "west", "place": {"file": "/tmp/law-none"}}),
    ("consul_peering.established", {"name": "west", "token": {"file": "/tmp/law-none"}}),
    ("consul_peering.absent", {"name": "west"}),
    ("vault_generated.present", {"name": "kv/app", "fields": {"password": "password"}}),
    ("vault_auth_config.present", {"name": "jwt", "config": {"bound_issuer": "x"}}),
    ("vault_raft_peer.healthy", {"name": "v1"}),
    ("vault_raft_peer.absent", {"name": "v1"}),
]
MODULES = [
    ("consul_kv_tree.get", ("app",)),
    ("consul_check.list", ()),
    ("consul_maintenance.status", ()),
    ("consul_peering.get", ("west",)),
    ("consul_peering.list", ()),
    ("vault_generated.fields", ("kv/app",)),
    ("vault_auth_config.get", ("jwt",)),
    ("vault_raft_peer.list", ()),
    ("vault_seal.status", ()),
]
ANY_SETTINGS = (BODIES["another object"], BODIES["an envelope without a letter"])
IDS = [function for function, _ in STATES]


class Where:
    """The place of a server that nobody has a token for."""

    def __init__(self, address):
        self.address = address

    def connection(self):
        return {"address": self.address}


class Refusing(Answering):
    """Answers everything with one status and one body."""

    def send_response(self, code, message=None):
        super().send_response(self.server.status, message)


@pytest.fixture(scope="module")
def server():
    """A server that is none of those that it is taken for; one for all of these tests."""
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def asked(server, monkeypatch):
    """Run functions before that server, without waiting between tries."""
    from saltext.eos.utils import http

    monkeypatch.setattr(http, "BACK_OFF", 0.0)
    server.status, server.body = 200, b""
    address = f"http://127.0.0.1:{server.server_address[1]}"

    def place(function):
        server.asked = []
        return Elsewhere(function.partition("_")[0], Where(address))

    place.server = server
    return place


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
@pytest.mark.parametrize(("function", "arguments"), STATES, ids=IDS)
def test_garbage_proves_nothing(asked, function, arguments, body):
    """Mutation: take what is no list for an empty one, and what is there is `already absent`."""
    asked.server.body = body
    for test in (True, False):
        result = asked(function).state(function, test=test, **arguments)
        assert (result["result"], result["changes"]) == (False, {}), result
        assert "hunter" not in result["comment"]
        assert set(asked.server.asked) <= {"GET", "LIST"}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
@pytest.mark.parametrize(("function", "arguments"), MODULES, ids=[one for one, _ in MODULES])
def test_garbage_is_an_error_of_a_function(asked, function, arguments, body):
    """Mutation: index into the answer, and a person reads a traceback."""
    if function == "vault_auth_config.get" and body in ANY_SETTINGS:
        pytest.skip("a method has settings of any name: an object is no garbage here")
    asked.server.body = body
    with pytest.raises(CommandExecutionError):
        asked(function).modules[function](*arguments)


@pytest.mark.parametrize("status", [400, 403, 409, 412, 429, 500, 503])
@pytest.mark.parametrize(("function", "arguments"), STATES, ids=IDS)
def test_a_refusal_is_said_with_its_status(asked, function, arguments, status):
    """Mutation: catch one kind of error, and the others are tracebacks."""
    asked.server.status, asked.server.body = status, b'{"errors": ["no"]}'
    result = asked(function).state(function, **arguments)
    assert (result["result"], result["changes"]) == (False, {}), result
    assert f"answered {status}" in result["comment"]


@pytest.mark.parametrize(("function", "arguments"), STATES, ids=IDS)
def test_nobody_there_is_said_to_be_so(function, arguments):
    """Mutation: take silence for absence."""
    (port,) = free_ports(1)
    nobody = Elsewhere(function.partition("_")[0], Where(f"http://127.0.0.1:{port}"))
    result = nobody.state(function, **arguments)
    assert (result["result"], result["changes"]) == (False, {}), result
    assert "got no answer" in result["comment"]
