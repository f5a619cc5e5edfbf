"""Snapshots of a real Consul: saved for their owner alone, and restored where they belong."""

import io
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
        with pytest.raises(CommandExecutionError, match="this agent is in 'dc1'; found") as err:
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


def test_who_may_not_save_leaves_no_file(salted, consul, tmp_path):
    """Mutation: write to the place itself, and an error stands where a snapshot was."""
    from saltext.eos.modules import consul_snapshot

    weak = consul.put("/v1/acl/token", {"Description": "saves nothing"})["SecretID"]
    path = tmp_path / "consul.snap"
    path.write_text("the last one")
    consul_snapshot.__opts__ = connected(salted, "consul", weak)
    with pytest.raises(CommandExecutionError, match="answered 403"):
        consul_snapshot.save(str(path), overwrite=True)
    assert path.read_text() == "the last one"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(CommandExecutionError, match="expected its folder to be there"):
        salted.modules["consul_snapshot.save"](str(tmp_path / "none" / "x"))


@pytest.mark.parametrize("path", ["relative", "/a/", "/a\nb", "", None, 7])
def test_a_wrong_path_is_named(salted, path):
    salted.serve("consul")
    with pytest.raises(CommandExecutionError, match=r"path: expected .*; found "):
        salted.modules["consul_snapshot.save"](path)
