"""Gates: a truth, a deadline and a cause."""

import http.server
import json
import threading
from typing import ClassVar

import pytest


class Server(http.server.BaseHTTPRequestHandler):
    """Answers what the test put there, and remembers headers."""

    answers: ClassVar[dict] = {}
    headers_seen: ClassVar[list] = []

    def do_GET(self):
        status, body = self.answers.get(self.path, (404, "nothing"))
        if callable(body):
            body = body()
        Server.headers_seen.append(dict(self.headers))
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        return


@pytest.fixture
def port():
    """The port of a running server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    Server.answers, Server.headers_seen = {}, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def _probe(port, get, **more):
    return {"by": "http", "scheme": "http", "host": "127.0.0.1", "port": port, "get": get,
            "why": "the cause", **more}  # fmt: skip


def _gate(*probes, within=1, successes=1, apart=0):
    return {
        "component": "consul",
        "entry": None,
        "within": within,
        "successes": successes,
        "apart": apart,
        "probes": list(probes),
    }


CONTEXT = {"resolve": lambda _: "opened", "values": {}}

TABLE = [
    ((200, '"10.0.0.1:8300"'), {"is_not": ""}, True, '= "10.0.0.1:8300"'),
    ((200, '""'), {"is_not": ""}, False, '= ""; expected not ""'),
    ((200, {"Healthy": True}), {"field": "Healthy", "is": True}, True, "Healthy = true"),
    ((200, {"Healthy": 1}), {"field": "Healthy", "is": True}, False, "= 1; expected true"),
    ((200, {"a": {"b": [3]}}), {"field": "a.b.0", "at_least": 3}, True, "= 3"),
    ((200, {"a": {"b": [3]}}), {"field": "a.b.0", "at_least": 4}, False, "expected at least 4"),
    ((200, {"a": 1}), {"field": "b", "is": 1}, False, "has no field b"),
    ((200, {"s": "x"}), {"field": "s", "is": ["x", "y"]}, True, '= "x"'),
    ((200, "ready"), {}, True, "answers"),
    ((500, "broken"), {}, False, "answered 500: broken"),
    ((403, "no"), {"status": [401, 403]}, True, "answers"),
    ((200, "open"), {"status": [401, 403]}, False, "answered 200; expected 401 or 403"),
    ((503, {"sealed": True}), {"status": [503], "field": "sealed", "is": True}, True, "= true"),
]


@pytest.mark.parametrize(("answer", "wants", "ok", "says"), TABLE)
def test_an_http_probe_judges_what_it_sees(port, answer, wants, ok, says):
    from saltext.eos.utils.observe import observe

    Server.answers["/x"] = answer
    (outcome,) = observe(_gate(_probe(port, "/x", **wants)), CONTEXT)
    assert outcome.ok is ok, outcome.observed
    assert says in outcome.observed
    assert outcome.why == "the cause"


def test_a_secret_goes_into_its_header_and_not_into_the_observation(port):
    from saltext.eos.utils.observe import observe

    Server.answers["/x"] = (403, "no")
    for header, value in (("X-Token", "opened"), ("Authorization", "Bearer opened")):
        probe = _probe(port, "/x", auth={"header": header, "secret": {"$secret": "a.b"}})
        (outcome,) = observe(_gate(probe), CONTEXT)
        assert Server.headers_seen[-1][header] == value
        assert "opened" not in outcome.observed


def test_a_command_must_end_well_and_say_the_right_thing():
    from saltext.eos.utils.observe import observe

    def run(*words, **more):
        gate = _gate({"by": "command", "run": list(words), "why": "w", **more})
        return observe(gate, CONTEXT)[0]

    assert run("true").ok
    assert run("echo", '{"a": 2}', field="a", **{"is": 2}).ok
    assert "ended with 1" in run("false").observed
    assert "cannot be run" in run("/nowhere/program").observed
    assert "expected 3" in run("echo", "2", **{"is": 3}).observed


def test_an_open_port_is_not_a_ready_component(port):
    from saltext.eos.utils.observe import observe

    tcp = {"by": "tcp", "host": "127.0.0.1", "port": port, "why": "closed"}
    Server.answers["/x"] = (200, '""')
    outcomes = observe(_gate(tcp, _probe(port, "/x", is_not="")), CONTEXT)
    assert [one.ok for one in outcomes] == [True, False]
    assert not observe(_gate({**tcp, "port": 1}), CONTEXT)[0].ok


@pytest.fixture
def state(monkeypatch):
    """The state, observing for real, without events."""
    from saltext.eos.states import eos_gate
    from saltext.eos.utils.observe import observe

    fired = []

    def probe(gate):
        last = observe(gate, CONTEXT)[-1]
        gate_word = "passed" if last.ok else "waiting"
        return {"gate": gate_word, "observed": last.observed, "why": "" if last.ok else last.why}

    functions = {"eos_gate.probe": probe, "event.send": lambda tag, data: fired.append(tag)}
    monkeypatch.setattr(eos_gate, "__salt__", functions, raising=False)
    monkeypatch.setattr(eos_gate, "__opts__", {"test": False}, raising=False)
    monkeypatch.setattr(eos_gate, "__grains__", {"id": "n1"}, raising=False)
    monkeypatch.setattr(eos_gate, "POLL", 0.05)
    eos_gate.fired = fired
    return eos_gate


def test_a_red_gate_says_deadline_last_observation_and_cause(state, port):
    Server.answers["/x"] = (200, '""')
    result = state.passed("consul", "consul", _gate(_probe(port, "/x", is_not=""), within=0.2))
    assert result["result"] is False
    assert "consul on n1 is not ready after 0 s (deadline 0.2 s)" in result["comment"]
    assert "last observation: GET http://127.0.0.1:" in result["comment"]
    assert "likely cause: the cause" in result["comment"]
    assert state.fired == ["eos/run/gate/consul/failed"]
    # Else Salt calls mod_watch too, which waits for the deadline a second time.
    assert result["skip_watch"] is True


def test_a_gate_waits_until_it_is_ready(state, port):
    seen = iter(['""', '""', '"leader"'])
    Server.answers["/x"] = (200, lambda: next(seen))
    result = state.passed("consul", "consul", _gate(_probe(port, "/x", is_not=""), within=5))
    assert result["result"] is True
    assert result["changes"] == {}


def test_a_changed_component_must_stay_ready(state, port):
    seen = iter(['"up"', '""', '"up"', '"up"'])
    Server.answers["/x"] = (200, lambda: next(seen))
    gate = _gate(_probe(port, "/x", is_not=""), within=5, successes=2)
    assert state.mod_watch("consul", "consul", gate)["result"] is True
    assert next(seen, None) is None


def test_an_unchanged_component_needs_one_success_only(state, port):
    """Mutation of the test above: ``passed`` alone takes the first answer."""
    seen = iter(['"up"', '""'])
    Server.answers["/x"] = (200, lambda: next(seen))
    gate = _gate(_probe(port, "/x", is_not=""), within=5, successes=2)
    assert state.passed("consul", "consul", gate)["result"] is True
    assert next(seen) == '""'


def test_test_mode_looks_once_and_does_not_wait(state, port):
    state.__opts__["test"] = True
    Server.answers["/x"] = (200, '""')
    result = state.passed("consul", "consul", _gate(_probe(port, "/x", is_not=""), within=60))
    assert result["result"] is None
    assert result["changes"] == {}
