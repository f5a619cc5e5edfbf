"""Answers that are none of the API's: they prove nothing, neither that an object is nor is not."""

import http.server
import importlib
import threading

import pytest
from salt.exceptions import CommandExecutionError

BODIES = {
    "nothing": b"",
    "null": b"null",
    "a text": b'"x"',
    "a number": b"7",
    "true": b"true",
    "a page of a proxy": b"<html>maintenance</html>",
    "cut off": b'{"Name": "web", "Descr',
    "deep": b"[" * 100_000,
    "another object": b'{"a": 1}',
    "numbers": b"[1, 2]",
    "two lists": b"[[], []]",
    "an envelope without a letter": b'{"request_id": "x"}',
    "a letter that is none": b'{"request_id": "x", "data": 7}',
    "no text": b"\xff\xfe\x00",
}
OBJECTS = {
    "nomad_namespace": {"name": "web"},
    "consul_acl_policy": {"name": "web"},
    "consul_kv": {"name": "app/web"},
    "consul_prepared_query": {"name": "web", "service": "web"},
    "consul_acl_token": {"name": "web"},
    "consul_service_defaults": {"name": "web"},
    "vault_mount": {"name": "kv", "type": "kv"},
    "vault_auth_method": {"name": "jwt", "type": "jwt"},
    "vault_audit_device": {"name": "file", "type": "file", "options": {"file_path": "stdout"}},
    "vault_jwt_role": {"name": "web", "mount": "jwt", "user_claim": "sub"},
}


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers everything with one body."""

    def _answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(self.command)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_GET = do_PUT = do_POST = do_DELETE = do_LIST = _answer  # noqa: N815

    def log_message(self, *_):
        return


@pytest.fixture
def server():
    """A server that is none of those that it is taken for."""
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    made.body, made.asked = b"", []
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
@pytest.mark.parametrize("resource", OBJECTS)
def test_garbage_is_neither_presence_nor_absence(server, resource, body):
    """Mutation: take what is no object for "there is none", and `absent` says that all is well."""
    from saltext.eos.utils import converge

    spec = importlib.import_module(f"saltext.eos.specs.{resource}").SPEC
    server.body, server.asked = body, []
    address = f"http://127.0.0.1:{server.server_address[1]}"
    opts = {"eos": {"connections": {spec["service"]: {"address": address}}}, "pillar": {}}
    fields = [name for name, row in spec["fields"].items() if not row.get("read_only")]
    wanted = {name: OBJECTS[resource].get(name) for name in fields}
    keys = {name: one for name, one in wanted.items() if spec["fields"][name].get("key")}
    for test in (True, False):
        for act, values in ((converge.present, wanted), (converge.absent, keys)):
            result = act(spec, values, {}, {**opts, "test": test})
            assert (result["result"], result["changes"]) == (False, {}), result
            assert result["comment"], result
    with pytest.raises(CommandExecutionError):
        converge.get(spec, keys, {}, opts)
    if "list" in spec["find"]:
        with pytest.raises(CommandExecutionError):
            converge.list_(spec, {}, opts)
    assert set(server.asked) <= {"GET", "LIST"}
