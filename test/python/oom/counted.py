"""A counter that a test moves, without the kernel, its log or a journal."""

from __future__ import annotations

from pathlib import Path

from saltext.eos.beacon_config.eos_oom import DEFAULTS
from saltext.eos.utils import oom_sources, oom_watch
from saltext.eos.utils.oom_counter import View
from saltext.eos.utils.oom_watch import Watch

SETTINGS = {**DEFAULTS, "docker": "", "attribute_within": 1}


class Counted:
    """
    The ``memory.events`` of a node, and the books about it.

    :param folder: where both are.
    """

    def __init__(self, folder, monkeypatch) -> None:
        self.path = folder / "memory.events"
        self.books = folder / "books"
        self.show(0)
        view = View("/", None, unified=True, counter=self.path, is_shared=False)
        monkeypatch.setattr(oom_watch, "view", lambda: view)
        monkeypatch.setattr(oom_sources, "KernelLog", _unreadable)
        monkeypatch.setenv("PATH", str(folder / "no-journalctl"))

    def show(self, kills) -> None:
        """Let the counter of the same cgroup show this."""
        self.path.write_text(_text(kills), "ascii")

    def anew(self, kills) -> None:
        """Let a new cgroup of that name show this."""
        fresh = self.path.with_name("memory.events.new")
        fresh.write_text(_text(kills), "ascii")
        fresh.replace(self.path)

    def watch(self) -> Watch:
        """Open the books."""
        return Watch(self.books, "n1", SETTINGS)


def write_off(watch, now):
    """Make a pass, and one after the time in which a line could have come."""
    for moment in (now, now + 5):
        watch._count(moment)
        watch._tell(moment)


def open_files() -> int:
    """Give how many descriptors this process holds."""
    return len(list(Path("/proc/self/fd").iterdir()))


def _text(kills):
    return f"low 0\nhigh 0\nmax 0\noom 0\noom_kill {kills}\noom_group_kill 0\n"


def _unreadable():
    raise PermissionError(1, "Operation not permitted")
