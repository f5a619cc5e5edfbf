"""Connections that are kept: used again while they are good, and never when they are not."""

import http.server
import os
import select
import threading

import pytest


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers over connections that stay open, and says over which one it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.ports.append(self.client_address[1])
        body = b"[1, 2]"
        self.send_response(200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/last":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if self.path == "/dies":
            self.close_connection = True

    def log_message(self, *_):
        return


@pytest.fixture
def server():
    """A server, and the ports from which it was asked."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.ports = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _client(server, **more):
    from saltext.eos.utils.nomad import ObjectClient

    return ObjectClient(f"http://127.0.0.1:{server.server_address[1]}", attempts=1, **more)


def test_one_connection_serves_every_client_of_a_server(server):
    """Mutation: connect for each request, and each costs a handshake."""
    for path in ("/a", "/chunked", "/b"):
        assert _client(server).get(path) == [1, 2]
    assert len(set(server.ports)) == 1


@pytest.mark.parametrize("path", ["/last", "/dies"])
def test_a_connection_that_the_server_ends_is_not_used_again(server, path):
    """Mutation: trust what was kept, and the next write is lost without anybody knowing."""
    assert _client(server).get(path) == [1, 2]
    _wait_for_the_end(server)
    assert _client(server).get("/a") == [1, 2]
    assert len(set(server.ports)) == 2


def _wait_for_the_end(server):
    """Wait until the server's end of what was kept has arrived here."""
    from saltext.eos.utils import pool

    for _, connection in pool._idle.get((os.getpid(), _client(server)._key), []):
        select.select([connection.sock], [], [], 10)


def test_a_connection_belongs_to_its_process(server, monkeypatch):
    """Mutation: keep by server alone, and parent and child read each other's answers."""
    _client(server).get("/a")
    own = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: own + 1)
    _client(server).get("/a")
    assert len(set(server.ports)) == 2


def test_a_client_with_a_deadline_keeps_nothing(server):
    for _ in range(2):
        _client(server, within=5).get("/a")
    assert len(set(server.ports)) == 2


def test_what_is_idle_for_too_long_is_not_used(server, monkeypatch):
    from saltext.eos.utils import pool

    _client(server).get("/a")
    monkeypatch.setattr(pool, "IDLE", -1)
    _client(server).get("/a")
    assert len(set(server.ports)) == 2
