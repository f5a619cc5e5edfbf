"""Small programs that this wheel carries and that run outside Salt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import atomic, state

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "eos_program"

PROGRAMS = Path(__file__).parent.parent / "programs"


def __virtual__():
    return __virtualname__


def installed(name, program):
    """
    Install a program of the wheel as a file of its own, which needs nothing but Python.

    .. code-block:: yaml

        program of the gate:
          eos_program.installed:
            - name: /usr/local/lib/eos/gate-vault
            - program: gate_vault

    name
        Path of the file.

    program
        Name of the program in the wheel.
    """
    path, source = Path(name), PROGRAMS / f"{program}.py"
    try:
        wanted = source.read_bytes()
        if path.exists() and path.read_bytes() == wanted:
            return state.unchanged(name, name)
        old = "another version" if path.exists() else None
        if not __opts__["test"]:
            atomic.write(path, wanted, mode=0o755, uid=0, gid=0)
    except (CommandExecutionError, OSError) as err:
        return state.failed(name, err)
    changes = {"program": {"old": old, "new": program}}
    return state.changed(name, f"{name} {{0}} written.", changes, test=__opts__["test"])
