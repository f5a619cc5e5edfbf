"""Snapshots of a real Consul: saved for their owner alone, and restored where they belong."""

import hashlib
import io
import json
import os
import tarfile

import pytest
from law_states import connected, own
from salt.exceptions import CommandExecutionError

pytestmark = pytest.mark.server


@pytest.fixture
def consul(salted):
    """A client of somebody else."""
    client = own(salted, "consul")
    yield client
    client.delete("/v1/kv/snapshot/?recurse=true")


def test_what_was_saved_comes_back(salted, consul, tmp_path):
    """Mutation: send the file without its length or its last piece, and Consul refuses it."""
    path = tmp_path / "consul.snap"
    consul.put("/v1/kv/snapshot/a", "before")
    saved = salted.modules["consul_snapshot.save"](str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert saved["bytes"] == path.stat().st_size
    assert saved["index"] > 0
    assert saved == salted.modules["consul_snapshot.inspect"](str(path))
    assert [one.name for one in tmp_path.iterdir()] == ["consul.snap"]
    consul.put("/v1/kv/snapshot/a", "after")
    consul.put("/v1/kv/snapshot/b", "after")
    restored = salted.modules["consul_snapshot.restore"](str(path), "dc1")
    assert restored == {"restored": True, "cluster": "dc1", **saved}
    assert consul.get("/v1/kv/snapshot/?keys=true") == ["snapshot/a"]


def test_another_cluster_is_not_overwritten(salted, consul, tmp_path):
    """Mutation: ask for `yes` only, and the wrong cluster is gone."""
    path = tmp_path / "consul.snap"
    salted.modules["consul_snapshot.save"](str(path))
    consul.put("/v1/kv/snapshot/a", "later")
    for cluster in ("dc2", "", "DC1"):
        with pytest.raises(
            CommandExecutionError, match="this agent is in 'dc1' with servers"
        ) as err:
            salted.modules["consul_snapshot.restore"](str(path), cluster)
        assert "nothing was restored" in str(err.value)
    assert consul.get("/v1/kv/snapshot/?keys=true") == ["snapshot/a"]


@pytest.mark.parametrize(
    "damage", ["cut", "a byte", "text", "empty", "another archive", "another state"]
)
def test_a_damaged_file_is_never_sent(salted, consul, tmp_path, damage):
    """Mutation: leave the check to the server, which has begun to restore by then."""
    path = tmp_path / "consul.snap"
    salted.modules["consul_snapshot.save"](str(path))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    broken = {
        "cut": bytes(path.read_bytes()[: len(data) // 2]),
        "a byte": bytes(data),
        "text": b"no snapshot",
        "empty": b"",
    }
    if damage == "another state":
        _rewritten(path)
    elif damage == "another archive":
        with tarfile.open(path, "w:gz") as archive:
            archive.add(__file__, "state.bin")
    else:
        path.write_bytes(broken[damage])
    consul.put("/v1/kv/snapshot/a", "later")
    for function, more in (("inspect", ()), ("restore", ("dc1",))):
        with pytest.raises(CommandExecutionError, match=r"no snapshot of Consul|is damaged"):
            salted.modules[f"consul_snapshot.{function}"](str(path), *more)
    assert consul.get("/v1/kv/snapshot/?keys=true") == ["snapshot/a"]


def test_a_snapshot_of_nomad_is_never_sent_to_consul(salted, consul, tmp_path, monkeypatch):
    """Mutation: look at the names in the archive alone, and Consul's leader reads Nomad's state."""
    from saltext.eos.utils import settings, snapshot

    path = tmp_path / "nomad.snap"
    salted.serve("nomad")
    monkeypatch.setattr(snapshot, "PATH", "/v1/operator/snapshot")
    with path.open("wb") as stream:
        settings.connect("nomad", salted.opts, kind=snapshot.SnapshotClient).save(stream)
    monkeypatch.undo()
    with tarfile.open(path) as archive:
        assert set(archive.getnames()) == snapshot.MEMBERS
    for function, more in (("inspect", ()), ("restore", ("dc1",))):
        with pytest.raises(CommandExecutionError, match="found one of another server, such as"):
            salted.modules[f"consul_snapshot.{function}"](str(path), *more)


@pytest.mark.parametrize("note", [{"Configuration": "x"}, {"Configuration": {"Servers": ["x"]}}])
def test_a_note_that_is_wrong_inside_is_an_error_in_our_words(salted, consul, tmp_path, note):
    """Mutation: index into it, and a person reads a traceback."""
    path = tmp_path / "consul.snap"
    salted.modules["consul_snapshot.save"](str(path))
    _noted(path, note)
    with pytest.raises(CommandExecutionError, match=r"meta\.json of .* is no answer"):
        salted.modules["consul_snapshot.inspect"](str(path))


def test_servers_that_are_others_are_said_with_what_was_restored(salted, consul, tmp_path):
    """Mutation: ask for the datacenter alone, and of two `dc1` nobody says which it was."""
    path = tmp_path / "consul.snap"
    salted.modules["consul_snapshot.save"](str(path))
    servers = [{"Address": "192.0.2.1:8300", "ID": "x", "Suffrage": 0}]
    _noted(path, {"Configuration": {"Servers": servers}})
    with pytest.raises(CommandExecutionError, match=r"was saved by 192\.0\.2\.1:8300; nothing was"):
        salted.modules["consul_snapshot.restore"](str(path), "dc2")


def _noted(path, more):
    """Write other notes into a snapshot, with sums that fit."""
    with tarfile.open(path) as archive:
        held = {one.name: archive.extractfile(one).read() for one in archive}
    note = json.dumps({**json.loads(held["meta.json"]), **more}).encode()
    sums = {"meta.json": note, "state.bin": held["state.bin"]}
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sums.items()]
    sums["SHA256SUMS"] = "".join(lines).encode()
    with tarfile.open(path, "w:gz") as archive:
        for name, data in sums.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def test_what_is_no_file_is_not_waited_for(salted, tmp_path):
    """Mutation: open a pipe that nobody writes, and the job never ends."""
    salted.serve("consul")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CommandExecutionError, match="is no snapshot of Consul"):
        salted.modules["consul_snapshot.inspect"](str(tmp_path / "pipe"))


def test_a_file_that_came_meanwhile_is_not_replaced(salted, consul, tmp_path, monkeypatch):
    """Mutation: look for it before the download alone, and somebody's file is gone."""
    from saltext.eos.utils import snapshot

    path, save = tmp_path / "consul.snap", snapshot.SnapshotClient.save

    def meanwhile(client, sink):
        save(client, sink)
        path.write_text("theirs")

    monkeypatch.setattr(snapshot.SnapshotClient, "save", meanwhile)
    with pytest.raises(CommandExecutionError, match="is there already; expected another name"):
        salted.modules["consul_snapshot.save"](str(path))
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def _rewritten(path):
    """Change what is restored, and leave all the rest of a snapshot as it was."""
    with tarfile.open(path) as archive:
        held = [(one, archive.extractfile(one).read()) for one in archive]
    with tarfile.open(path, "w:gz") as archive:
        for one, data in held:
            kept = data[:-1] + bytes([data[-1] ^ 1]) if one.name == "state.bin" else data
            archive.addfile(one, io.BytesIO(kept))


def test_a_file_that_is_there_is_not_replaced_unasked(salted, consul, tmp_path):
    path = tmp_path / "consul.snap"
    path.write_text("the only copy")
    with pytest.raises(CommandExecutionError, match="is there already; expected another name"):
        salted.modules["consul_snapshot.save"](str(path))
    assert path.read_text() == "the only copy"
    assert salted.modules["consul_snapshot.save"](str(path), overwrite=True)["bytes"] > 1000
    assert path.stat().st_mode & 0o777 == 0o600


def test_who_may_not_save_leaves_no_file(salted, consul, tmp_path, monkeypatch):
    """Mutation: write to the place itself, and an error stands where a snapshot was."""
    from saltext.eos.modules import consul_snapshot

    save = salted.modules["consul_snapshot.save"]
    weak = consul.put("/v1/acl/token", {"Description": "saves nothing"})["SecretID"]
    path = tmp_path / "consul.snap"
    path.write_text("the last one")
    opts = connected(salted, "consul", weak)
    monkeypatch.setattr(consul_snapshot, "__opts__", opts, raising=False)
    with pytest.raises(CommandExecutionError, match="answered 403"):
        consul_snapshot.save(str(path), overwrite=True)
    assert path.read_text() == "the last one"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(CommandExecutionError, match="expected its folder to be there"):
        save(str(tmp_path / "none" / "x"))


@pytest.mark.parametrize("path", ["relative", "/a/", "/a\nb", "", None, 7])
def test_a_wrong_path_is_named(salted, path):
    salted.serve("consul")
    with pytest.raises(CommandExecutionError, match=r"path: expected .*; found "):
        salted.modules["consul_snapshot.save"](path)
