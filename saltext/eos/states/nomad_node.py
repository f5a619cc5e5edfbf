"""
Manage what Nomad's client nodes take: new work or none, and the metadata that constraints ask for.

See ``docs/resources/nomad_node.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import nomad_nodes, state
from saltext.eos.utils.nomad_run import EXPECTED, seconds

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "nomad_node"


def __virtual__():
    return __virtualname__


def eligible(name):
    """
    Ensure that a node takes new work; a drain ends.

    .. code-block:: yaml

        n1:
          nomad_node.eligible: []

    name
        Name or id of the node.
    """
    return _tried(name, lambda node, test: nomad_nodes.eligibility(node, "eligible", test=test))


def ineligible(name):
    """
    Ensure that a node takes no new work; what runs on it stays.

    .. code-block:: yaml

        n1:
          nomad_node.ineligible: []

    name
        Name or id of the node.
    """
    return _tried(name, lambda node, test: nomad_nodes.eligibility(node, "ineligible", test=test))


def drained(name, deadline="1h", ignore_system_jobs=False, within="65m"):
    """
    Ensure that nothing runs on a node: what runs there moves elsewhere, as its ``migrate`` block
    has it, and no new work comes. ``nomad_node.eligible`` gives it back.

    .. code-block:: yaml

        n1:
          nomad_node.drained:
            - deadline: 30m
            - within: 40m

    name
        Name or id of the node.

    deadline
        After that what is left is stopped. ``0s`` waits without end.

    ignore_system_jobs
        Leave jobs of the types ``system`` and ``sysbatch`` where they are.

    within
        Longest wait of this state. A drain that takes longer goes on, and the next run waits for
        it.
    """
    return _tried(
        name,
        lambda node, test: nomad_nodes.drained(
            node,
            deadline,
            seconds(within),
            ignore_system_jobs=ignore_system_jobs,
            test=test,
        ),
    )


def meta(name, meta):
    """
    Ensure that a node has metadata, and that Nomad's servers see it. Names that are not said here
    are left alone.

    .. code-block:: yaml

        n1:
          nomad_node.meta:
            - meta:
                rack: r7
                old_label: null

    name
        Name or id of the node.

    meta
        Texts by name; ``null`` takes one away. The client keeps them over restarts, also over what
        its own configuration says.
    """
    return _tried(name, lambda node, test: nomad_nodes.told(node, meta, test=test))


def _tried(name, do):
    try:
        return do(nomad_nodes.Node(name, __opts__), bool(__opts__["test"]))
    except EXPECTED as err:
        return state.failed(name, err)
