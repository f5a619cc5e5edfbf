"""The HTTP client: verified TLS, errors by meaning, retries of what may be repeated."""

import http.server
import json
import ssl
import threading
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Server(http.server.BaseHTTPRequestHandler):
    """Answers with the next of the prepared statuses."""

    def _answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.requests.append((self.command, self.path, self.rfile.read(length)))
        status, body = self.server.answers.pop(0) if self.server.answers else (200, '{"a": 1}')
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_PUT = do_POST = do_DELETE = do_LIST = _answer  # noqa: N815

    def log_message(self, *_):
        return


def _serve(context=None, host="127.0.0.1"):
    server = http.server.ThreadingHTTPServer((host, 0), Server)
    server.answers, server.requests = [], []
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def server():
    """A server over plain HTTP."""
    server = _serve()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(server, monkeypatch):
    """A client that does not wait between tries."""
    from saltext.eos.utils import http as module

    monkeypatch.setattr(module, "BACK_OFF", 0)
    return module.Client(f"http://127.0.0.1:{server.server_address[1]}", headers={"X-T": "tok"})


MEANINGS = [
    (400, "BadRequest"), (401, "Forbidden"), (403, "Forbidden"), (404, "NotFound"),
    (409, "Conflict"), (412, "Conflict"), (429, "TooMany"), (500, "ServerError"), (503, "Sealed"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "name"), MEANINGS)
def test_errors_have_a_meaning_and_hide_the_token(server, client, status, name):
    from saltext.eos.utils import http as module

    server.answers = [(status, '{"errors": ["said so"]}')] * 3
    with pytest.raises(getattr(module, name)) as raised:
        client.put("/x", {"a": 1})
    assert raised.value.status == status
    assert "said so" in str(raised.value)
    assert "tok" not in str(raised.value)


@pytest.mark.parametrize(("body", "value"), [
    ("", None), ('{"a": [1]}', {"a": [1]}), ("true", True), ("text", "text"),
])  # fmt: skip
def test_answers_are_parsed(server, client, body, value):
    server.answers = [(200, body)]
    assert client.get("/x") == value


def test_reads_are_repeated_and_writes_are_not(server, client):
    from saltext.eos.utils.http import ServerError

    server.answers = [(500, ""), (429, ""), (200, '"ok"')]
    assert client.get("/x") == "ok"
    assert len(server.requests) == 3
    for write in (client.put, client.post, client.delete):
        server.answers, server.requests = [(500, ""), (200, "")], []
        with pytest.raises(ServerError):
            write("/x", {})
        assert len(server.requests) == 1


def test_lists_with_vaults_own_verb_and_sends_json(server, client):
    client.list("/v1/x")
    client.put("/v1/y", {"b": 2})
    assert [one[0] for one in server.requests] == ["LIST", "PUT"]
    assert json.loads(server.requests[1][2]) == {"b": 2}


def test_nobody_there_is_unavailable():
    from saltext.eos.utils.http import Client, Unavailable

    with pytest.raises(Unavailable, match="Connection refused") as raised:
        Client("http://127.0.0.1:1", attempts=1).get("/")
    assert raised.value.status is None


@pytest.mark.parametrize("path", ["/a b", "/a\nb", "/a\0"])
def test_a_broken_path_is_never_sent(server, client, path):
    from saltext.eos.utils.http import BadRequest

    with pytest.raises(BadRequest, match="control characters"):
        client.get(path)
    assert server.requests == []


@pytest.fixture
def site(master_opts, tmp_path):
    """A TLS server with a certificate of the site's CA, and another CA."""
    from test_secrets import _request

    from saltext.eos.utils import authority, sealed

    sealed.make_key(master_opts)
    authority.make(master_opts, "lab")
    key = ec.generate_private_key(ec.SECP256R1())
    wanted = authority.names({"id": "n1", "address": "127.0.0.1"}, [])
    (tmp_path / "cert.pem").write_text(authority.sign(master_opts, _request(key), "x", wanted))
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "key.pem").write_bytes(pem)
    other = {**master_opts, "eos_state_dir": str(tmp_path / "other")}
    authority.make(other, "other")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    servers = [_serve(context), _serve(context, "127.0.0.2")]
    ports = [server.server_address[1] for server in servers]
    yield ports, tmp_path / "store/ca/ca.pem", tmp_path / "other/ca/ca.pem"
    for server in servers:
        server.shutdown()
        server.server_close()


def test_only_a_certificate_of_the_sites_ca_for_that_name_is_accepted(site):
    from saltext.eos.utils.http import Client, Unavailable

    (port, elsewhere), ours, theirs = site
    for host in ("127.0.0.1", "localhost"):
        assert Client(f"https://{host}:{port}", str(ours)).get("/") == {"a": 1}
    with pytest.raises(Unavailable, match="certificate is refused"):
        Client(f"https://127.0.0.1:{port}", str(theirs), attempts=1).get("/")
    with pytest.raises(Unavailable, match=r"certificate is refused: .*mismatch"):
        Client(f"https://127.0.0.2:{elsewhere}", str(ours), attempts=1).get("/")
    with pytest.raises(Unavailable, match="cannot be read"):
        Client(f"https://127.0.0.1:{port}", "/nowhere/ca.pem", attempts=1).get("/")


def test_a_server_that_says_how_long_to_wait_is_believed(server, client, monkeypatch):
    """Mutation: wait one's own time, and a server that is busy is asked again at once."""
    from saltext.eos.utils import http as module

    waits = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    monkeypatch.setattr(Server, "send_response", _with_retry_after("2"))
    server.answers = [(429, ""), (503, ""), (200, '"ok"')]
    assert client.get("/x") == "ok"
    assert waits == [2.0, 2.0]


def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for(server, client, monkeypatch):
    from saltext.eos.utils.http import TooMany

    monkeypatch.setattr(Server, "send_response", _with_retry_after("3600"))
    server.answers = [(429, "")] * 3
    with pytest.raises(TooMany):
        client.get("/x")
    assert len(server.requests) == 1


def _with_retry_after(seconds):
    plain = http.server.BaseHTTPRequestHandler.send_response

    def send(handler, status, message=None):
        plain(handler, status, message)
        if status >= 400:
            handler.send_header("Retry-After", seconds)

    return send


def _late(monkeypatch):
    """Let an hour pass before each piece of an answer."""
    from types import SimpleNamespace

    from saltext.eos.utils import timely

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + 3600)
    monkeypatch.setattr(timely, "time", clock)


def test_an_answer_that_is_not_whole_in_time_is_none(server, client, monkeypatch):
    """Mutation: bound each read alone, and a byte now and then keeps a state for days."""
    from saltext.eos.utils.http import Client, Unavailable

    once, tries = Client._once, []

    def counted(*arguments):
        tries.append(arguments)
        return once(*arguments)

    monkeypatch.setattr(Client, "_once", counted)
    server.handle_error = lambda *_: None
    assert client.get("/x") == {"a": 1}
    _late(monkeypatch)
    with pytest.raises(Unavailable, match="kept silent"):
        client.get("/x")
    assert len(tries) == 4
    with pytest.raises(Unavailable, match="kept silent") as raised:
        client.put("/x", {})
    assert (len(tries), raised.value.is_unsure) == (5, True)


def test_what_never_reached_a_server_was_not_done():
    """Mutation: call each failure unsure, and a server that is down is searched for a write."""
    from saltext.eos.utils.http import Client, Unsent

    with pytest.raises(Unsent) as raised:
        Client("http://127.0.0.1:1", attempts=1).put("/", {})
    assert raised.value.is_unsure is False


def test_a_state_takes_no_page_of_a_proxy_for_an_answer(server):
    """Mutation: hand text on as it is, and a write that a proxy swallowed was done."""
    from saltext.eos.utils.http import Garbled
    from saltext.eos.utils.nomad import ObjectClient

    strict = ObjectClient(f"http://127.0.0.1:{server.server_address[1]}")
    for ask in (strict.get, strict.put):
        server.answers, server.requests = [(200, "<html>maintenance</html>")], []
        with pytest.raises(Garbled, match="expected JSON") as raised:
            ask("/x")
        assert (len(server.requests), raised.value.is_unsure) == (1, True)
    for body in ("", "true", "null", '"text"'):
        server.answers = [(200, body)]
        strict.put("/x")


@pytest.mark.parametrize(("status", "name"), MEANINGS)
def test_a_state_says_what_was_expected_and_what_to_do(server, status, name, monkeypatch):
    from saltext.eos.utils import http as module
    from saltext.eos.utils.consul import ObjectClient

    monkeypatch.setattr(module, "BACK_OFF", 0)
    strict = ObjectClient(f"http://127.0.0.1:{server.server_address[1]}")
    server.answers = [(status, "")] * 3
    with pytest.raises(getattr(module, name), match=rf"answered {status}: nothing; expected .*; "):
        strict.get("/x")


def _comment(server, service, *answer):
    """Give what a state says of an answer that is no success."""
    from saltext.eos.utils import consul, nomad, vault
    from saltext.eos.utils.http import HttpError

    kind = {"consul": consul, "nomad": nomad, "vault": vault}[service].ObjectClient
    server.answers = [answer]
    with pytest.raises(HttpError) as raised:
        kind(f"http://127.0.0.1:{server.server_address[1]}", attempts=1).get("/x")
    assert str(raised.value).endswith(f"; {raised.value.advice}")
    return str(raised.value)


def test_a_sealed_vault_is_to_be_unsealed(server):
    """Mutation: go by the status alone, and its journal is searched, which has nothing."""
    said = _comment(server, "vault", 503, '{"errors": ["Vault is sealed"]}')
    assert "expected it to be unsealed; open it with `vault operator unseal`" in said
    assert "journal" not in said
    assert "look at its journal" in _comment(server, "vault", 503, '{"errors": ["overloaded"]}')


def _connected(address, ca_file="/nowhere/ca.pem", **more):
    """Give a client as the options of a minion make it."""
    from saltext.eos.utils.settings import connect

    chosen = {"address": address, "ca_file": str(ca_file), **more}
    return connect("consul", {"eos": {"connections": {"consul": chosen}}})


def test_a_certificate_of_another_ca_is_not_a_server_that_is_down(site):
    """Mutation: take it for silence, and a server that runs is started again."""
    from saltext.eos.utils.http import Unsent

    (port, elsewhere), ours, theirs = site
    address, option = f"https://127.0.0.1:{port}", "eos:connections:consul"
    expected = {
        (address, theirs): f"the CA in {theirs} has signed; name the CA of that server in "
        f"{option}:ca_file",
        (f"https://127.0.0.2:{elsewhere}", ours): f"write a name that it has in {option}:address",
        (address, "/nowhere/ca.pem"): f"expected the CA of that server in PEM; name its file in "
        f"{option}:ca_file",
    }
    for (where, ca_file), words in expected.items():
        with pytest.raises(Unsent) as raised:
            _connected(where, ca_file).put("/x")
        assert str(raised.value).endswith(words)
        assert "whether it runs" not in str(raised.value)


REFUSALS = [
    ('Invalid key_prefix policy: policy = "reed"', "consul"),
    ("Invalid Token: SecretID - not a valid UUID", "consul"),
    ('rpc error making call: No such ACL policy with name "nosuch"', "consul"),
    ('1 error occurred:\n\t* namespace "a" has variables associated with it in regions', "nomad"),
    ("1 error occurred:\n\t* can not delete default namespace", "nomad"),
    ("Dispatch did not provide required meta keys: [who]", "nomad"),
    ("Dispatch request included unpermitted metadata keys: [x]", "nomad"),
    ("no CSI plugin named: hostpath could be found", "nomad"),
]
TROUBLES = [
    "", "No cluster leader", "rpc error getting client: failed to get conn: connection refused",
    "raft apply failed: leadership lost", "cannot decode: unexpected EOF", "No path to region",
    "invalid state: context deadline exceeded", "open /data/x: no such file or directory",
]  # fmt: skip


@pytest.mark.parametrize(("words", "service"), REFUSALS)
def test_what_the_user_wrote_wrong_is_not_looked_for_in_a_journal(server, words, service):
    """Mutation: go by the status alone, and a misspelt policy is an ill server."""
    said = _comment(server, service, 500, words)
    assert said.endswith("expected input that this server takes; mend what it names")
    assert "journal" not in said


@pytest.mark.parametrize("words", TROUBLES)
def test_a_server_that_is_ill_is_not_a_mistake_of_the_user(server, words):
    """Mutation: call each 500 a refusal, and who wrote nothing wrong searches the pillar."""
    for service in ("consul", "nomad"):
        assert "look at its journal, then apply again" in _comment(server, service, 500, words)
    assert "look at its journal" in _comment(server, "vault", 500, '{"errors": ["invalid seal"]}')


UNKNOWN = [
    "ACL not found", "rpc error making call: ACL not found", "ACL token not found",
    '{"errors": ["2 errors occurred:\\n\\t* permission denied\\n\\t* invalid token\\n\\n"]}',
]  # fmt: skip


def _refused(server, status, words, **more):
    """Give what a client that a minion's options have made says of an answer."""
    from saltext.eos.utils.http import HttpError

    server.answers = [(status, words)]
    with pytest.raises(HttpError) as raised:
        _connected(f"http://127.0.0.1:{server.server_address[1]}", **more).put("/x")
    return str(raised.value)


@pytest.mark.parametrize("words", UNKNOWN)
def test_a_token_that_a_server_does_not_know_is_said_with_its_place(server, tmp_path, words):
    """Mutation: go by the status alone, and the policies are searched of a token that is none."""
    place = tmp_path / "token"
    place.touch(0o600)
    place.write_text("6a0ff1c2")
    option = "eos:connections:consul"
    for name, value in {"token": {"file": str(place)}, "token_file": str(place)}.items():
        said = _refused(server, 403, words, **{name: value})
        assert f"does not know the one of {option}:{name} (file {place})" in said
        assert "6a0ff1c2" not in said
    either = _refused(server, 403, "Permission denied", token_file=str(place))
    assert f"whether it knows the one of {option}:token_file (file {place})" in either
    weak = _refused(server, 403, "Permission denied: lacks key:read", token_file=str(place))
    assert weak.endswith("expected a token that may do this; look at its policies")
    none = "token does not exist: ACL not found"
    assert "does not know" not in _refused(server, 403, none, token_file=str(place))


def test_a_token_that_nobody_has_named_has_no_policies(server):
    """Mutation: say to look at its policies, where there is no token."""
    said = _refused(server, 403, "Permission denied: anonymous token lacks key:read")
    assert said.endswith("name its place in eos:connections:consul:token: it has none")


def test_http_to_a_port_of_tls_is_said_with_its_option(server):
    """Mutation: hand on the 400, and the request is searched for a mistake."""
    said = _refused(server, 400, "Client sent an HTTP request to an HTTPS server.\n")
    assert said.endswith("expected https; write https:// in eos:connections:consul:address")
