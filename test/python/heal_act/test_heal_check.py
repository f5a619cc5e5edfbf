"""The check that is added for a moment: what is told of it is what became of it."""

from __future__ import annotations

import http.server
import threading

import pytest
from salt.exceptions import CommandExecutionError

from saltext.eos.utils import heal_at_agent
from saltext.eos.utils.http import Client


class Agent(http.server.BaseHTTPRequestHandler):
    """An agent that answers each request as the test says: by the verb in its path."""

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        verb = self.path.split("/")[4]
        self.server.asked.append(verb)
        status = self.server.answers.get(verb, 200)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        return


@pytest.fixture
def agent():
    """One that listens."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Agent)
    server.answers, server.asked = {}, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _client(agent):
    return Client(f"http://127.0.0.1:{agent.server_address[1]}", timeout=2.0, attempts=1)


def _checked(client, work=lambda: None):
    """Add the check, do something, take it away; give what is said of it."""
    with (
        pytest.raises(CommandExecutionError) as raised,
        heal_at_agent._check(client, "i", "passing"),
    ):
        work()
    return str(raised.value)


def test_what_was_made_is_taken_away(agent):
    with heal_at_agent._check(_client(agent), "i", "passing"):
        assert agent.asked == ["register", "pass"]
    assert agent.asked[-1] == "deregister"


def test_an_agent_that_does_not_answer_is_said_to_and_no_check_to_be_left(agent):
    """Mutation: tell of a check that nobody made, in place of what went wrong."""
    client = _client(agent)
    agent.shutdown()
    agent.server_close()
    said = _checked(client)
    assert "/v1/agent/check/register" in said
    assert "is left at the agent" not in said


def test_a_check_that_is_refused_is_not_said_to_be_left(agent):
    agent.answers = {"register": 403, "deregister": 403}
    said = _checked(_client(agent))
    assert "/v1/agent/check/register" in said
    assert "is left at the agent" not in said


def test_what_went_wrong_comes_before_the_check_that_is_left(agent):
    """Mutation: let what is left take the place of why nothing was written."""
    agent.answers = {"deregister": 500}

    def work():
        raise CommandExecutionError("the agent did not write it")

    said = _checked(_client(agent), work)
    assert said.startswith("the agent did not write it; check _nomad-check-eos-")
    assert "is left at the agent" in said


def test_a_check_that_is_left_fails_the_act(agent):
    agent.answers = {"deregister": 500}
    assert _checked(_client(agent)).startswith("check _nomad-check-eos-")
