"""What the table of Nomad's CSI volumes cannot say: how one is sent."""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.http import Client

# Who has mounted it is Nomad's own, and is not sent back.
OWN = ("Allocations", "ReadAllocs", "WriteAllocs", "Topologies", "ResourceExhausted")


REDACTED = "[REDACTED]"


def before_update(client: Client, desired: dict[str, Any]) -> None:
    """
    Refuse a change that could take secrets away.

    :raises CommandExecutionError: nothing is said of secrets: Nomad shows neither them nor that
        there are any, and keeps only those that a change brings.
    """
    if desired.get("secrets") is None:
        raise CommandExecutionError(
            "secrets: expected those of the volume, because a change of another field would take "
            "them away and Nomad does not show whether there are any; found none; where there are "
            "none, say `{}`"
        )


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
