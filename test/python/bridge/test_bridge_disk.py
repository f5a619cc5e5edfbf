"""A disk that refuses stops the acknowledgements, and nothing else; they go on by themselves."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from feeder import compact, envelope
from waiting import until

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")


def _on_tmpfs(engines, short_home, megabytes):
    """An engine whose data is on a small disk that only its own processes see."""
    mount = f'mount -t tmpfs -o size={megabytes}m none {short_home}/data && exec "$@"'
    return engines(("unshare", "--mount", "sh", "-c", mount, "sh")).start()


def _seen(engine) -> Path:
    return Path(f"/proc/{engine.pid}/root{engine.home}/data")


def _fill(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb") as stream:
        try:
            while True:
                stream.write(b"\0" * 65536)
                stream.flush()
        except OSError:
            pass
    return filler


def _push(engine, seq):
    """Send one batch as a sidecar does after a refusal: greet, resend from the last number."""
    with engine.feeder() as feeder:
        feeder._socket.settimeout(5)
        try:
            welcome = feeder.greet()
            if welcome is None or welcome["kind"] != "welcome":
                return False
            feeder.send(compact([envelope(n) for n in range(welcome["last_seq"] + 1, seq + 1)]))
            said = feeder.hear()
        except (TimeoutError, ConnectionError):
            return False
        return said is not None and said["kind"] == "ack" and said["seq"] == seq


def test_a_full_disk_is_not_acknowledged_and_recovers(engines, short_home):
    engine = _on_tmpfs(engines, short_home, 16)
    assert _push(engine, 100)
    filler = _fill(_seen(engine))
    assert not _push(engine, 500)
    assert "CRITICAL" in engine.said()
    filler.unlink()
    until(lambda: _push(engine, 500), within=30, pause=0.5)
    found = _rows(engine)
    assert found == list(range(1, 501))


def test_an_engine_that_starts_on_a_read_only_disk_waits_for_it(engines, short_home):
    """A mount that is in use cannot be made read-only, so it is so from the start."""
    data = short_home / "data"
    mount = f'mount --bind {data} {data} && mount -o remount,bind,ro {data} && exec "$@"'
    engine = engines(("unshare", "--mount", "sh", "-c", mount, "sh")).start()
    until(lambda: "CRITICAL" in engine.said())
    assert not engine.socket.exists()
    command = ["nsenter", "-t", str(engine.pid), "-m", "mount", "-o", "remount,bind,rw", str(data)]
    subprocess.run(command, check=True)
    until(lambda: engine.socket.exists() and _push(engine, 10), within=30, pause=0.5)
    assert _rows(engine) == list(range(1, 11))


def test_an_engine_that_starts_on_a_full_disk_waits_for_room(engines, short_home):
    mount = (
        f"mount -t tmpfs -o size=4m none {short_home}/data && "
        f'dd if=/dev/zero of={short_home}/data/filler bs=64k 2>/dev/null; exec "$@"'
    )
    engine = engines(("unshare", "--mount", "sh", "-c", mount, "sh")).start()
    until(lambda: "CRITICAL" in engine.said())
    (_seen(engine) / "filler").unlink()
    until(lambda: engine.socket.exists() and _push(engine, 10), within=60, pause=0.5)


def _rows(engine):
    """Read a copy of the inbox: SQLite itself would leave the engine's mount by its real path."""
    copy = engine.home / "copy"
    shutil.copytree(_seen(engine), copy)
    with contextlib.closing(sqlite3.connect(copy / "inbox.db", timeout=10)) as database:
        return [n for (n,) in database.execute("SELECT seq FROM events ORDER BY row")]
