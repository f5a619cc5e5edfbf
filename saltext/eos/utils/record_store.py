"""A beacon's books on disk: one writer each, whole or not at all."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

State = dict[str, Any]

STATE = "state.json"
ACKNOWLEDGED = "acknowledged.json"


class Acknowledged(NamedTuple):
    """Up to which number the master has everything."""

    boot: str
    number: int


def home(opts: dict[str, Any], beacon: str) -> Path:
    """Give the folder of the books: option ``<beacon>_dir``, or its place below ``root_dir``."""
    usual = Path(opts.get("root_dir") or "/") / "var/lib" / beacon.replace("_", "-")
    return Path(opts.get(f"{beacon}_dir") or usual)


def load(folder: Path, version: int, written: Iterable[str]) -> State | None:
    """
    Read the books; ``None`` when there are none.

    :param written: keys without which they are no books of that version.

    Books that cannot be read are put aside as ``state.json.damaged``, never guessed at: the
    beacon opens new ones, with numbers that the master sees as a jump.
    """
    path = folder / STATE
    try:
        state = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        state = None
    if not isinstance(state, dict) or state.get("version") != version or set(written) - set(state):
        path.replace(folder / f"{STATE}.damaged")
        return None
    return state


def save(folder: Path, state: State) -> None:
    """Write the books; after a crash the old ones or the new ones are there."""
    write(folder / STATE, packed(state))


def packed(content: dict[str, Any]) -> bytes:
    """Give the bytes of a file."""
    return json.dumps(content, separators=(",", ":")).encode()


def acknowledged(folder: Path) -> Acknowledged | None:
    """Read what the master has acknowledged; ``None`` before the first time."""
    try:
        found = json.loads((folder / ACKNOWLEDGED).read_bytes())
        return Acknowledged(str(found["boot"]), int(found["number"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def stamp(folder: Path) -> int:
    """Give what changes whenever an acknowledgement is stored; 0 before the first one."""
    try:
        return (folder / ACKNOWLEDGED).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def acknowledge(folder: Path, boot: str, number: int) -> Acknowledged:
    """Store an acknowledgement; an older one than the stored changes nothing."""
    before = acknowledged(folder)
    if before and before.number >= number:
        return before
    write(folder / ACKNOWLEDGED, packed({"boot": boot, "number": number}))
    return Acknowledged(boot, number)


def first_number() -> int:
    """
    Give the number at which new books begin: milliseconds since 1970.

    Higher than any number of older books that told less than a thousand kills a second.
    """
    return time.time_ns() // 1_000_000


def write(path: Path, content: bytes) -> None:
    """Replace a file; content and name are on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fdatasync(stream.fileno())
        staged.replace(path)
    except OSError:
        staged.unlink(missing_ok=True)
        raise
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
