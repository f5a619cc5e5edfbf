"""Snapshots of Consul: the file that one is, and the way there and back, never whole in memory."""

from __future__ import annotations

import errno
import hashlib
import http.client
import json
import os
import stat
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, consul, settings
from saltext.eos.utils.http import Forbidden, ServerError, Unavailable

PATH = "/v1/snapshot"
PIECE = 1024 * 1024
LARGEST_NOTE = 1024 * 1024
SUMS = "SHA256SUMS"
NOTE = "meta.json"
STATE = "state.bin"
MEMBERS = {NOTE, STATE, SUMS}
HEADER = b"\x81\xa9LastIndex"
"""How the state of Consul begins, in msgpack; Nomad's archives have the same members."""
WITHIN = 3600.0
"""Longest time in which a whole snapshot comes, in seconds."""


class SnapshotClient(consul.ObjectClient):
    """A client that waits while a server writes or reads a snapshot, and moves it in pieces."""

    pooled = False

    def __init__(self, base_url: str, ca_file: str | None, headers: dict[str, str]) -> None:
        super().__init__(base_url, ca_file, headers, timeout=300.0, attempts=1)

    def save(self, sink: IO[bytes]) -> None:
        """
        Write what the servers have into an open file.

        :raises HttpError: they refuse, it broke off, or it takes longer than an hour.
        :raises CommandExecutionError: the file cannot be written.
        """
        deadline = time.monotonic() + WITHIN
        with self._asked("GET", None) as answer:
            while piece := answer.read1(PIECE):
                _write(sink, piece)
                if time.monotonic() > deadline:
                    raise TimeoutError(errno.ETIMEDOUT, f"it is not whole after {WITHIN:.0f} s")

    def restore(self, source: IO[bytes], size: int) -> None:
        """
        Put an open file in the place of what the servers have.

        :raises HttpError: they refuse, or it broke off.
        """
        with self._asked("PUT", source, size) as answer:
            answer.read(PIECE)

    @contextmanager
    def _asked(
        self, method: str, source: IO[bytes] | None, size: int = 0
    ) -> Iterator[http.client.HTTPResponse]:
        where = f"{method} {self.base_url}{PATH}"
        connection = self._connection(where, method, PATH)
        headers = {**self._headers, **({"Content-Length": str(size)} if source else {})}
        try:
            connection.request(method, self._prefix + PATH, source, headers)
            answer = connection.getresponse()
            if answer.status != 200:
                said = answer.read(300).decode("utf-8", "replace").strip()
                kind = Forbidden if answer.status in (401, 403) else ServerError
                raise kind(
                    f"{where} answered {answer.status}: {said or 'nothing'}",
                    method=method, path=PATH, status=answer.status, body=None,
                )  # fmt: skip
            yield answer
            if answer.length:
                raise http.client.IncompleteRead(b"", answer.length)
        except (OSError, http.client.HTTPException) as err:
            cause = err.strerror if isinstance(err, OSError) and err.strerror else "it broke off"
            raise Unavailable(
                f"{where} got no whole answer: {cause}",
                method=method, path=PATH, status=None, body=None,
            ) from err  # fmt: skip
        finally:
            connection.close()


def _write(sink: IO[bytes], piece: bytes) -> None:
    try:
        sink.write(piece)
    except OSError as err:
        raise CommandExecutionError(f"the snapshot cannot be written: {err.strerror}") from err


def connected(opts: Mapping[str, Any]) -> SnapshotClient:
    """Give a client for snapshots, with the connection of every other one."""
    return cast(SnapshotClient, settings.connect("consul", opts, kind=SnapshotClient))


def inspect(path: Path, named: Path | None = None) -> dict[str, Any]:
    """
    Read a snapshot to its end, and give what it says of itself.

    :param named: what messages call it.
    :raises CommandExecutionError: it is none, or not whole.
    """
    name = named or path
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError(name)
        with tarfile.open(path, "r|gz") as archive:
            sums, note, said, first = _read(archive)
    except (tarfile.TarError, zlib.error, EOFError, ValueError, OSError) as err:
        cause = err.strerror if isinstance(err, OSError) and err.strerror else "it is not whole"
        raise CommandExecutionError(
            f"{name} is no snapshot of Consul: {cause}; expected a file that "
            "consul_snapshot.save or `consul snapshot save` has written"
        ) from err
    if set(sums) != MEMBERS - {SUMS} or said != sums:
        raise CommandExecutionError(
            f"{name} is damaged: its contents are not those that were written; expected a file "
            "as consul_snapshot.save has left it"
        )
    if first != HEADER:
        raise CommandExecutionError(
            f"{name} is no snapshot of Consul: its state begins otherwise; expected one of "
            "Consul; found one of another server, such as Nomad, whose files look alike"
        )
    servers = answers.part(note, "Configuration", f"{NOTE} of {name}").get("Servers")
    known = [] if servers is None else answers.listing(servers, f"{NOTE} of {name}")
    return {
        "path": str(name),
        "bytes": path.stat().st_size,
        "id": note.get("ID"),
        "index": note.get("Index"),
        "term": note.get("Term"),
        "version": note.get("Version"),
        "servers": [server.get("Address") for server in known],
    }


def _read(archive: tarfile.TarFile) -> tuple[dict[str, str], dict[str, Any], dict[str, str], bytes]:
    """Give each member's sum, the note, the sums that it says, and how the state begins."""
    sums: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    first = b""
    for member in archive:
        source = archive.extractfile(member)
        if member.name not in MEMBERS or source is None:
            raise ValueError(member.name)
        is_small = member.name in (NOTE, SUMS)
        if is_small and member.size > LARGEST_NOTE:
            raise ValueError(member.name)
        digest = hashlib.sha256()
        while piece := source.read(PIECE):
            digest.update(piece)
            if is_small:
                kept[member.name] = kept.get(member.name, b"") + piece
            elif len(first) < len(HEADER):
                first = (first + piece)[: len(HEADER)]
        if member.name != SUMS:
            sums[member.name] = digest.hexdigest()
    note = json.loads(kept.get(NOTE, b"null"))
    if not isinstance(note, dict):
        raise tarfile.ReadError(NOTE)
    lines = kept.get(SUMS, b"").decode("ascii").splitlines()
    said = {name: digest for digest, name in (line.split() for line in lines)}
    return sums, note, said, first


@contextmanager
def staged(path: Path, *, overwrite: bool) -> Iterator[IO[bytes]]:
    """
    Give a file beside ``path`` that its owner alone may read, and put it there when all went well.

    :param overwrite: whether it may replace what lies there by then.
    :raises CommandExecutionError: the folder cannot be written, or something lies there.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as err:
        raise CommandExecutionError(
            f"{path} cannot be written: {err.strerror}; expected its folder to be there"
        ) from err
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        inspect(beside, path)
        if overwrite:
            beside.replace(path)
        else:
            path.hardlink_to(beside)
    except FileExistsError as err:
        raise CommandExecutionError(
            f"{path} is there already; expected another name, or overwrite=True"
        ) from err
    except OSError as err:
        raise CommandExecutionError(f"{path} cannot be written: {err.strerror}") from err
    finally:
        beside.unlink(missing_ok=True)
