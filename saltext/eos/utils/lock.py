"""
The stack lock: one orchestration at a time.

A file on the master names who holds it: owner, job, process and lease. It is stale when that
process is gone (checked by number and start time, so that a reused number is not mistaken), and
then the next one takes it over. The lease is a promise to people, not a time bomb: a running job
keeps the lock beyond it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import store
from saltext.eos.utils.boot import boot_id

LEASE = 3600


class Held(CommandExecutionError):
    """Somebody else holds the lock and is still running."""


def path(opts: dict[str, Any]) -> Path:
    """Give the lock's file."""
    return store.home(opts) / "lock.json"


def read(opts: dict[str, Any]) -> dict[str, Any] | None:
    """Give who holds the lock; ``None`` when it is free or its holder is gone."""
    holder = store.read_json(path(opts))
    return holder if isinstance(holder, dict) and _is_running(holder) else None


def said(opts: dict[str, Any]) -> str:
    """Say who holds the lock; empty when nobody does."""
    try:
        holder = read(opts)
    except CommandExecutionError as err:
        return f"nobody knows whom ({err})"
    return "" if holder is None else describe(holder)


def take(opts: dict[str, Any], name: str, jid: str, owner: str) -> dict[str, Any] | None:
    """
    Take the lock for this process.

    :param name: what it is for, such as ``bootstrap``.
    :param jid: the orchestration's job.
    :param owner: the user who started it.
    :return: the holder whose stale lock was taken over, or ``None``.
    :raises Held: another running process holds it.
    """
    mine = {
        "name": name,
        "jid": jid,
        "owner": owner,
        "pid": os.getpid(),
        "started": started(os.getpid()),
        "since": int(time.time()),
        "lease": LEASE,
    }
    taken_over = None
    with _alone(opts):
        for _ in range(3):
            try:
                store.create(path(opts), store.dump(mine))
            except store.Exists:
                stale = _refuse_or_remove(opts)
                taken_over = stale or taken_over
                continue
            return taken_over
    raise Held("the stack lock changes hands at this moment; run it again")


@contextlib.contextmanager
def _alone(opts: dict[str, Any]) -> Iterator[None]:
    """
    Let one at a time judge who holds the lock: who saw a stale one must not remove the next.

    Threads too: orchestrations of the reactor share one process. It ends with who holds it.
    """
    file = path(opts).with_name(".lock.guard")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def release(opts: dict[str, Any]) -> bool:
    """Let the lock go if this process holds it; tell whether it did."""
    holder = store.read_json(path(opts))
    if not isinstance(holder, dict) or not _is_me(holder):
        return False
    path(opts).unlink(missing_ok=True)
    return True


def describe(holder: dict[str, Any]) -> str:
    """Say who holds the lock, since when, and until when it was promised."""
    now = int(time.time())
    age, left = now - holder["since"], holder["since"] + holder["lease"] - now
    lease = f"its lease ends in {left} s" if left > 0 else f"its lease ended {-left} s ago"
    return (
        f"{holder['name']} of {holder['owner']} (job {holder['jid']}, process {holder['pid']}), "
        f"for {age} s; {lease}"
    )


def _refuse_or_remove(opts: dict[str, Any]) -> dict[str, Any] | None:
    """Remove a stale lock, once: the file is renamed first, so that only one finds it."""
    file = path(opts)
    try:
        holder = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        holder = {}
    if holder and _is_running(holder):
        raise Held(
            f"the stack lock is held by {describe(holder)}; expected it to be free; wait for that "
            f"job, or stop it with `salt-run state.soft_kill {holder['jid']}`"
        )
    aside = file.with_name(f".lock.stale.{os.getpid()}.{threading.get_ident()}")
    try:
        file.rename(aside)
    except FileNotFoundError:
        return None
    aside.unlink()
    return holder or None


def _is_running(holder: dict[str, Any]) -> bool:
    since = started(int(holder.get("pid", 0)))
    return since is not None and since == holder.get("started")


def _is_me(holder: dict[str, Any]) -> bool:
    return holder.get("pid") == os.getpid() and _is_running(holder)


def started(pid: int) -> str | None:
    """Give when a process started, in ticks after the boot that is named with it; None if gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
        boot = boot_id()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else f"{boot}:{fields[19]}"
