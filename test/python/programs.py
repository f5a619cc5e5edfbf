"""The programs that the lab built, free ports to run them on, and the end of what they leave."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

CACHE = Path(
    os.environ.get("EOS_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eos"
)


CATALOGUE = Path(__file__).parents[2] / "kitchen/servers/catalogue.ts"


def binary(name: str, built: str | None = None) -> str:
    """
    Give the path of a program that the lab built; a machine without it fails the test.

    Of a server it is the version that this tree names: a cache may have others, built later.
    """
    built = built or name
    release = version(name)
    pattern = f"servers/{name}-{f'{release}-' if release else ''}*/{built}"
    places = sorted(CACHE.glob(pattern), key=lambda path: path.stat().st_mtime)
    found = str(places[-1]) if places else shutil.which(built)
    if found is None:
        pytest.fail(f"no {pattern} in {CACHE} nor {built} in PATH; `npm test` and the lab build it")
    return found


def version(name: str) -> str | None:
    """Give the version of a server of the kitchen; None of a program that has none there."""
    entry = re.search(rf"name: '{name}',\s+version: '([\d.]+)'", CATALOGUE.read_text("utf-8"))
    return entry and entry[1]


def under_law(name: str) -> str:
    """
    Name the server of the kitchen that the law is asked of.

    It is the newest, or with ``EOS_SERVERS=oldest`` the oldest that is supported; Vault has one.
    """
    oldest = f"oldest-{name}"
    return oldest if os.environ.get("EOS_SERVERS") == "oldest" and version(oldest) else name


def free_ports(count: int) -> list[int]:
    """
    Give numbers of free ports, for TCP and UDP alike.

    They lie below those that the kernel gives to clients: until a server binds its own, a client
    of another test would have taken it now and then.
    """
    first = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]
    sockets: list[socket.socket] = []
    while len(sockets) < count:
        with contextlib.suppress(OSError):
            port = random.randrange(10_000, int(first))
            sockets.append(socket.create_server(("127.0.0.1", port)))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextlib.contextmanager
def running(
    arguments: list[str],
    home: Path,
    ready: Callable[[], object],
    environment: Mapping[str, str] | None = None,
    within: float = 40,
) -> Iterator[subprocess.Popen]:
    """Run a server until the block ends; ``ready`` tells when it serves."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "log"
    with log.open("w") as stream:
        child = subprocess.Popen(
            arguments,
            stdout=stream,
            stderr=stream,
            cwd=home,
            env={"PATH": os.environ["PATH"], "HOME": str(home), **(environment or {})},
        )
        try:
            until_ready(ready, log, child, within)
            yield child
        finally:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(15)
            child.kill()
            child.wait()
            clear(home)


def until_ready(
    ready: Callable[[], object],
    log: Path,
    child: subprocess.Popen | None = None,
    within: float = 40,
) -> None:
    """Wait until a server serves; what it logged is told when it ends or does not in time."""
    deadline = time.monotonic() + within
    while not _is_ready(ready):
        assert child is None or child.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.2)


def _is_ready(ready: Callable[[], object]) -> bool:
    try:
        return bool(ready())
    except OSError:
        return False
    except Exception as err:
        if type(err).__module__.startswith(("saltext", "salt", "__mp_main__")):
            return False
        raise


def clear(home: Path) -> None:
    """
    End what servers that have ended left in their folder: processes, mounts, cgroups of tasks.

    Nomad's tasks, with who runs them and writes their logs, outlive the agent on purpose.

    :param home: a folder of these servers alone.
    """
    deadline = time.monotonic() + 10
    while left := _processes(home):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert time.monotonic() < deadline, f"{left} of {home} cannot be ended"
        time.sleep(0.05)
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in sorted(mounts, reverse=True):
        if mount.startswith(f"{home}/"):
            subprocess.run(["umount", mount], check=True)
    allocations = {path.name for path in home.glob("**/alloc/*-*-*-*-*")}
    for group in Path("/sys/fs/cgroup").glob("*/nomad/*.*"):
        if group.name.partition(".")[0] in allocations:
            group.rmdir()


def _processes(home: Path) -> list[int]:
    """List who runs in a folder, or was told its name; never this process or who started it."""
    named = re.compile(re.escape(os.fsencode(home)) + rb"(?![\w.-])")
    own, pid = set(), os.getpid()
    while pid:
        own.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            told = (folder / "cmdline").read_bytes() + b"\0" + (folder / "environ").read_bytes()
            if named.search(told + b"\0" + os.fsencode((folder / "cwd").readlink())):
                found.append(int(folder.name))
    return [pid for pid in found if pid not in own]
