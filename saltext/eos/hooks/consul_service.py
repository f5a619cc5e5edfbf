"""What of a service at Consul's agent the words of a declaration cannot say."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import catalog

_RECKONED = ("lan_ipv4", "lan_ipv6", "wan_ipv4", "wan_ipv6")


def kept(found: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """
    Give a service as read without what Consul reckons anew.

    Of its addresses by network some are reckoned from its address, where nobody said another one.
    """
    own = {"Address": found.get("Address"), "Port": found.get("Port")}
    tagged = found.get("TaggedAddresses")
    if not isinstance(tagged, dict):
        return found
    said = {name: one for name, one in tagged.items() if name not in _RECKONED or one != own}
    return {**found, "TaggedAddresses": said}


def to_wire(made: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """Give a service as it is registered: its name is called otherwise there."""
    sent = catalog.bare(made)
    sent["Name"] = sent.pop("Service")
    if not sent.get("TaggedAddresses"):
        sent.pop("TaggedAddresses", None)
    return sent
