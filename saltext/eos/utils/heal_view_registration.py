"""What the healer may know of an instance in Consul that belongs to an allocation of Nomad."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from saltext.eos import heal_checks
from saltext.eos.utils import heal_match
from saltext.eos.utils.heal_snapshot_shape import Snapshot
from saltext.eos.utils.heal_state import Thing

# Nomad compares its registrations with Consul every 30 s; until then it may still mend them itself.
SYNC = 35.0
OWN = "default"
# Consul's companion of an instance has the id of the instance with this behind it.
PROXY = "-sidecar-proxy"


def thing(
    subject: Mapping[str, Any], policy: Mapping[str, Any], snapshot: Snapshot, age: float
) -> Thing:
    """
    Give what is known of one registration.

    :param subject: of the incident.
    :param age: seconds between its last fact and the reading.
    """
    hook = None
    if name := (policy.get("require") or {}).get("hook"):
        check = getattr(heal_checks, name, None)
        hook = check and check(subject, {"allocations": snapshot.allocations})
    row = snapshot.allocations.get(str(subject.get("links.alloc")))
    is_there = _is_there(subject, snapshot)
    if is_there is False and snapshot.is_gone(subject.get("links.alloc")):
        # Nomad has collected it: there is nothing left to register, or to remove.
        wrong: bool | None = False
    elif policy["act"]["do"] == "deregister":
        wrong = _is_stale(is_there, row)
    else:
        wrong = _is_lost(is_there, row, str(subject.get("subject.instance")))
    return Thing(
        wrong=wrong,
        layer="settled" if age >= SYNC else "progress",
        left=SYNC - age if age < SYNC else None,
        input=_input(subject, row),
        value=None if is_there is None else f"{subject.get('subject.instance')}: {is_there}",
        hook=hook,
    )


def _is_there(subject: Mapping[str, Any], snapshot: Snapshot) -> bool | None:
    """Tell whether it is registered; None where the catalogue of its node was not read."""
    if any(subject.get(f"subject.{leaf}", OWN) != OWN for leaf in ("partition", "namespace")):
        return None
    place = (str(subject.get("subject.datacenter")), str(subject.get("subject.node")))
    if snapshot.members.get(place) is not True:
        return None
    key = (*place, str(subject.get("subject.instance")))
    if key in snapshot.services:
        return True if snapshot.services[key] is not None else None
    return False


def _is_lost(is_there: bool | None, row: Mapping[str, Any] | None, instance: str) -> bool | None:
    if is_there:
        return False
    if is_there is None or row is None:
        return None
    if row["desired_status"] != "run" or row["client_status"] in heal_checks.ENDED:
        return False
    if row["client_status"] != "running" or row.get("instances") is None:
        # One that is pending, lost or out of reach may run or not.
        return None
    # A job may have changed while its allocation ran on: what it does not ask for is not lost.
    own = instance.removesuffix(PROXY)
    return any(fnmatchcase(own, one.replace("[", "[[]")) for one in row["instances"])


def _is_stale(is_there: bool | None, row: Mapping[str, Any] | None) -> bool | None:
    if is_there is False:
        return False
    if is_there is None or row is None:
        return None
    if row["client_status"] in heal_checks.ENDED:
        return True
    runs = row["client_status"] == "running" and row["desired_status"] == "run"
    return False if runs else None


def _input(subject: Mapping[str, Any], row: Mapping[str, Any] | None) -> str | None:
    if row is None or row.get("version") is None:
        return None
    return heal_match.digest(
        subject.get("subject.instance"), subject.get("links.alloc"), row["version"]
    )
