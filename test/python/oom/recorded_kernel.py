"""What real kernels wrote, as the beacon would have read it."""

from __future__ import annotations

from pathlib import Path

from saltext.eos.utils import oom_kmsg, oom_lines

HOME = Path(__file__).parent / "recorded"


def lines(name: str = "linux-6.1-cgroup2") -> list[oom_kmsg.Line]:
    """Give the kernel's own lines of a recording."""
    records = (HOME / f"{name}.kmsg").read_bytes().splitlines()
    parsed = [oom_kmsg.parse(record) for record in records if record[:1].isdigit()]
    return [line for line, is_kernel in parsed if is_kernel]


def kills(given: list[oom_kmsg.Line]) -> list[dict]:
    """Give every kill that the lines tell."""
    carry = oom_lines.fresh()
    return [kill for line in given if (kill := oom_lines.feed(carry, line))]


def counter(step: str, name: str = "linux-6.1-cgroup2") -> int:
    """Give the counter of ``/proc/vmstat`` after a step of the guest."""
    text = (HOME / f"{name}.counters").read_text("ascii")
    return int(text.split(f"@@ {step}\n", 1)[1].split("oom_kill ", 1)[1].split("\n", 1)[0])
