"""What the table of Nomad's CSI volumes cannot say: how one is sent."""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

# Who has mounted it is Nomad's own, and is not sent back.
OWN = ("Allocations", "ReadAllocs", "WriteAllocs", "Topologies", "ResourceExhausted")


REDACTED = "[REDACTED]"


def to_wire(made: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """
    Send a list of one.

    :raises CommandExecutionError: it has options of ``mount`` that are not said here: Nomad does
        not show them, so they would be lost.
    """
    if REDACTED in ((made.get("MountOptions") or {}).get("MountFlags") or ()):
        raise CommandExecutionError(
            "mount_options: expected mount_flags, because the volume has some that Nomad does not "
            "show, and a change of another field would lose them; found none"
        )
    return {"Volumes": [{name: one for name, one in made.items() if name not in OWN}]}
