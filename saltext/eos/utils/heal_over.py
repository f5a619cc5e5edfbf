"""Which facts tell that a fault is there, and which that it is over."""

from __future__ import annotations

from collections.abc import Iterable

# What each verb of an event says of the fault: there, or over; what says neither is left out.
VERBS = {
    "nomad/alloc": ({"failed", "lost", "timed_out", "disconnected", "reschedule_delayed"},
                    {"started", "reconnected"}),
    "nomad/node": ({"down", "disconnected"}, {"up"}),
    "nomad/eval": ({"blocked", "failed"}, {"unblocked"}),
    "nomad/deployment": ({"failed", "reverted"}, {"succeeded"}),
    "consul/node": ({"failed"}, {"alive", "joined"}),
    "host/unit": ({"failed"}, {"recovered", "stopped"}),
    "host/disk": ({"filling"}, {"freed"}),
    "host/certificate": ({"expiring"}, {"renewed"}),
    "host/token": ({"expiring"}, {"renewed"}),
    "vault/seal": ({"sealed"}, {"unsealed"}),
    "bridge": ({"silent", "down"}, {"heard", "recovered"}),
}  # fmt: skip


def ends(on: Iterable[str]) -> bool:
    """Tell whether some fact would say that what a policy is for is over."""
    for one in on:
        family, _, verb = one.rpartition("/")
        there, over = VERBS.get(family, (set(), set()))
        if verb in there and over:
            return True
    return False


def is_over(event: str, verb: str) -> bool:
    """Tell a fact that says that a fault is over."""
    return verb in VERBS.get(event, (set(), set()))[1]
