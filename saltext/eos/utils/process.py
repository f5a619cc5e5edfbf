"""Run a program in a process group of its own, and end the whole group when it takes too long."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salt.exceptions import CommandExecutionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GRACE = 45.0
"""Seconds between SIGINT, after which OpenTofu still writes its state, and SIGKILL."""


@dataclass(frozen=True)
class Finished:
    """How a program ended."""

    code: int
    output: str
    error: str


def run(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    within: float,
    grace: float = GRACE,
) -> Finished:
    """
    Run a program to its end.

    :param environment: the whole environment; nothing is inherited.
    :param within: longest time, in seconds; then SIGINT to the group, and SIGKILL after ``grace``.
    :raises CommandExecutionError: it cannot be started, or took too long.
    """
    try:
        child = subprocess.Popen(
            list(arguments),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    except OSError as err:
        raise CommandExecutionError(
            f"{arguments[0]} cannot be started: {err.strerror}; expected its package to be "
            "installed; apply the component that installs it"
        ) from err
    try:
        output, error = child.communicate(timeout=within)
    except subprocess.TimeoutExpired as err:
        _end(child, grace)
        raise CommandExecutionError(
            f"{' '.join(arguments[:2])} was not done within {within:g} s and its processes were "
            "ended; expected it to end by itself; look at what it waited for, then apply again"
        ) from err
    except BaseException:
        _end(child, grace)
        raise
    return Finished(child.returncode, output, error)


def _end(child: subprocess.Popen[str], grace: float) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        child.communicate(timeout=grace)
    # Also after a graceful end: grandchildren (providers) may still be there.
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        child.communicate(timeout=grace)
