"""Systemd units: reload what read its files too early."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import state

if TYPE_CHECKING:
    from collections.abc import Callable

    __low__: dict[str, Any]
    __opts__: dict[str, Any]
    __running__: dict[str, Any]
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "eos_unit"


def __virtual__():
    return __virtualname__


def reloaded(name):
    """
    Reload a unit, for use with ``onchanges``.

    A unit that became active after the changed files were written has read them already and is
    left alone: the first start is not followed by a reload.

    .. code-block:: yaml

        consul reload:
          eos_unit.reloaded:
            - name: consul.service
            - onchanges:
              - eos_file: /etc/consul.d/eos.json

    name
        The unit.
    """
    if _started_after_files(name):
        return state.unchanged(name, f"Unit {name}, started after its files changed,")
    changes = {"unit": {"old": "running", "new": "reloaded"}}
    test = bool(__opts__["test"])
    if not test:
        try:
            if not __salt__["service.reload"](name):
                raise CommandExecutionError(f"systemctl reload {name} failed")
        except CommandExecutionError as err:
            message = f"{err}; read `journalctl -u {name}` on this host"
            return state.failed(name, message)
    return state.changed(name, f"Unit {name} {{}} reloaded.", changes, test=test)


def _started_after_files(unit: str) -> bool:
    changed = _changed_files()
    started = _active_since(unit)
    if not changed or started is None:
        return False
    try:
        written = max(Path(path).stat().st_mtime for path in changed)
    except OSError:
        return False
    return started > written


def _changed_files() -> list[str]:
    """List the files whose change triggered this state, from the results of this run."""
    wanted = {name for item in __low__.get("onchanges", ()) for name in dict(item).values()}
    return [
        str(result["name"])
        for result in __running__.values()
        if result.get("__id__") in wanted and result.get("changes")
    ]


def _active_since(unit: str) -> float | None:
    """Give the time, in seconds since 1970, at which the unit became active."""
    shown = __salt__["cmd.run_all"](
        ["systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "--value", unit],
        python_shell=False,
    )
    text = shown["stdout"].strip()
    if shown["retcode"] != 0 or not text.isdigit() or text == "0":
        return None
    return time.time() - (time.monotonic() - int(text) / 1_000_000)
