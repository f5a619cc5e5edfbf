"""What of a service at Consul's agent the words of a declaration cannot say."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import catalog

_RECKONED = ("lan_ipv4", "lan_ipv6", "wan_ipv4", "wan_ipv6")


def to_wire(made: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """
    Give a service as it is registered: its name is called otherwise there.

    Of its addresses by network some are reckoned from its address: they are not kept with a new
    one.
    """
    sent = catalog.bare(made)
    sent["Name"] = sent.pop("Service")
    tagged = sent.pop("TaggedAddresses", None) or {}
    kept = {name: one for name, one in tagged.items() if name not in _RECKONED}
    return {**sent, **({"TaggedAddresses": kept} if kept else {})}
