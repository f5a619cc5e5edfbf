"""
The master's own store: what Eos made once and must not lose.

Folders below ``/var/lib/eos`` (owner: the master's user, 0700)::

    sealed/<name>.json            secrets, encrypted to the custody key
    envelopes/<minion>/<name>.json  the same for one minion's Salt key
    ca/ca.pem, ca/ca.key.sealed   the site's CA
    certs/<minion>/<component>.pem

Every write is a new file, synced, then renamed: a crash leaves the old bytes or the new ones.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from pathlib import Path
from typing import Any

from salt.exceptions import CommandExecutionError

HOME = "/var/lib/eos"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")


class Exists(CommandExecutionError):
    """A create-only write found that the file is there already."""


def home(opts: dict[str, Any]) -> Path:
    """Give the store's folder: option ``eos_state_dir`` of the master, or ``/var/lib/eos``."""
    return Path(opts.get("eos_state_dir") or HOME)


def within(folder: Path, name: str, suffix: str = "") -> Path:
    """
    Give the path of ``name`` in ``folder``.

    :raises CommandExecutionError: the name could leave the folder.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise CommandExecutionError(
            f"{name!r} is no name of the store; expected letters, digits, `_`, `.` and `-`"
        )
    return folder / f"{name}{suffix}"


def create(path: Path, data: bytes, mode: int = 0o600) -> None:
    """
    Write a file that must not exist yet.

    :raises Exists: it exists; its bytes are untouched.
    """
    _private(path.parent)
    staged = _stage(path, data, mode)
    try:
        os.link(staged, path)
    except FileExistsError as err:
        raise Exists(f"{path} exists already and is never overwritten") from err
    finally:
        staged.unlink()
    _sync(path.parent)


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file, or put new bytes in the place of the old ones at once."""
    _private(path.parent)
    staged = _stage(path, data, mode)
    staged.replace(path)
    _sync(path.parent)


def read(path: Path) -> bytes | None:
    """
    Give the bytes of a file, or ``None`` without one.

    :raises CommandExecutionError: it is there but cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as err:
        raise CommandExecutionError(
            f"{path} cannot be read: {err.strerror}; expected the user of the Salt master to own "
            f"{path.parent}; check its owner and mode"
        ) from err


def read_json(path: Path) -> Any:
    """
    Give the content of a JSON file, or ``None`` without one.

    :raises CommandExecutionError: it is unreadable or not JSON.
    """
    data = read(path)
    if data is None:
        return None
    try:
        return json.loads(data)
    except ValueError as err:
        raise CommandExecutionError(f"{path} is not JSON: {err}; restore it from backup") from err


def dump(value: Any) -> bytes:
    """Write JSON the way the store keeps it: sorted, indented, one newline at the end."""
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()


def _private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as err:
        raise CommandExecutionError(
            f"{folder} cannot be made: {err.strerror}; expected the user of the Salt master to own "
            "the store; run `saltext-eos configure-master` as root, it makes the store"
        ) from err


def _stage(path: Path, data: bytes, mode: int) -> Path:
    staged = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with contextlib.suppress(FileNotFoundError):
        staged.unlink()
    try:
        handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as err:
        raise CommandExecutionError(
            f"{path} cannot be written: {err.strerror}; check owner and mode of {path.parent}"
        ) from err
    try:
        os.fchmod(handle, mode)
        _write_all(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    return staged


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
