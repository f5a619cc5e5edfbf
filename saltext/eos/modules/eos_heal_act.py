"""What the healer's acts do on a node; the master's runner ``eos.act`` calls them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import process

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "eos_heal_act"

_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,200}\.service")
WITHIN = 30.0


def __virtual__():
    return __virtualname__


def reload(unit):
    """
    Reload a running unit, and tell whether it still runs afterwards.

    A unit that does not run is not started: that is another act, with a gate as its check.

    unit
        Its name, such as ``consul.service``.

    Returns ``{"unit", "pid"}``.

    CLI Example:

    .. code-block:: bash

        salt n1 eos_heal_act.reload consul.service
    """
    if not isinstance(unit, str) or not _UNIT.fullmatch(unit):
        raise CommandExecutionError(f"{unit!r} is no service; expected a name like consul.service")
    before = _shown(unit)
    if before["ActiveState"] != "active":
        raise CommandExecutionError(
            f"{unit} is {before['ActiveState']}; expected a running unit to reload; look at "
            f"`systemctl status {unit}`"
        )
    _systemctl("reload", unit)
    after = _shown(unit)
    if after["ActiveState"] not in ("active", "reloading"):
        raise CommandExecutionError(f"{unit} is {after['ActiveState']} after its reload")
    return {"unit": unit, "pid": int(after["MainPID"])}


def _shown(unit: str) -> dict[str, str]:
    text = _systemctl("show", "--property=ActiveState,MainPID", unit)
    found = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {"ActiveState": "unknown", "MainPID": "0", **found}


def _systemctl(*arguments: str) -> str:
    known = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    ended = process.run(
        ["systemctl", *arguments], cwd=Path("/"), environment=known, within=WITHIN, grace=1.0
    )
    if ended.code != 0:
        said = (ended.error or ended.output).strip()
        raise CommandExecutionError(f"systemctl {arguments[0]} {arguments[-1]} failed: {said}")
    return ended.output
