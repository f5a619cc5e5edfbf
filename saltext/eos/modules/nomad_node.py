"""Read Nomad's client nodes. States of the same name change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import nomad_nodes, settings

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "nomad_node"
__func_alias__ = {"list_": "list"}


def __virtual__():
    return __virtualname__


def get(name):
    """
    Give what matters of a node: its id, status, eligibility, drain and metadata.

    name
        Name or id of the node.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_node.get n1
    """
    found = nomad_nodes.Node(name, __opts__).read()
    fields = ("ID", "Name", "Datacenter", "NodePool", "Status", "SchedulingEligibility", "Meta")
    return {**{one: found[one] for one in fields}, "DrainStrategy": nomad_nodes.drain_of(found)}


def list_():
    """
    List the client nodes, also those that are down.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_node.list
    """
    fields = ("ID", "Name", "Datacenter", "NodePool", "Status", "SchedulingEligibility", "Drain")
    found = nomad_nodes.listed(settings.connect("nomad", __opts__))
    return [{name: one.get(name) for name in fields} for one in found]


def identity(name):
    """
    Give the id of a node, as ``node_id`` of a volume asks for it.

    name
        Name of the node.

    CLI Example:

    .. code-block:: bash

        salt n1 nomad_node.identity n1
    """
    return nomad_nodes.Node(name, __opts__).id
