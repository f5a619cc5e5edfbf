"""
Complete the pillar ``eos``: defaults, topology, references and budgets, under ``eos:_compiled``.

Configure it as the **last** external pillar of the master, so that it sees everything else::

    ext_pillar:
      - eos: {}

It writes nothing. A pillar it refuses gets no ``eos:_compiled`` and one line per mistake in
``_errors``, which stops every state run of that minion.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import heal_hold, objects, ssh_thin, store
from saltext.eos.utils.compile import Refused, Stack
from saltext.eos.utils.contract import Contract, ContractError, load
from saltext.eos.utils.mask import plain
from saltext.eos.version import SCHEMA

if TYPE_CHECKING:
    __opts__: dict[str, Any]

log = logging.getLogger(__name__)

__virtualname__ = "eos"


def __virtual__():
    return __virtualname__


def ext_pillar(minion_id, pillar, contract=None):
    """
    Compile the stack for one minion, or all of it for ``<id>_master``.

    minion_id
        The minion whose pillar is made.

    pillar
        The pillar so far.

    contract
        Folder of another contract than the wheel's own; for tests.
    """
    is_master = minion_id.endswith("_master")
    written = plain(pillar.get("eos")) if isinstance(pillar, Mapping) else None
    if written is None:
        return {"_errors": [_missing(minion_id)]} if is_master else {}
    refused = ssh_thin.refusal(__opts__)
    if refused:
        return {"_errors": [refused]}
    try:
        known = load(contract)
        if isinstance(written, dict) and set(written) == {objects.KEY}:
            return {"eos": {"_compiled": _alone(known, written, minion_id)}}
        stack = Stack(known, written)
        if is_master and minion_id not in stack.nodes:
            return {"eos": {"_compiled": _whole(stack, minion_id)}}
        if minion_id not in stack.nodes:
            log.info("%s is not in eos:topology: nothing of the stack runs there", minion_id)
            if not written.get(objects.KEY):
                return {}
            return {"eos": {"_compiled": _alone(known, written, minion_id)}}
        form = stack.node(minion_id)
        heal_hold.put(__opts__, form)
        form |= _delivered(minion_id, stack.secrets(minion_id))
        if written.get(objects.KEY):
            form[objects.KEY] = objects.compiled(known, written[objects.KEY])
    except Refused as err:
        return {"_errors": [str(item) for item in err.findings]}
    except (ContractError, CommandExecutionError) as err:
        return {"_errors": [str(err)]}
    return {"eos": {"_compiled": form}}


def _missing(minion_id: str) -> str:
    return (
        f"pillar of {minion_id} has no `eos`: an orchestration compiles the stack from there; "
        f"expected in the pillar's top.sls `'{minion_id}': [eos]`, with the name of the SLS that "
        "holds `eos`"
    )


def _alone(contract: Contract, written: dict[str, Any], minion_id: str) -> dict[str, Any]:
    """Compile the objects for a minion that is no node of a stack."""
    found = objects.check(contract, written[objects.KEY])
    if found:
        raise Refused(found)
    return {
        "schema": SCHEMA,
        "contract": contract.digest,
        "node": {"id": minion_id},
        objects.KEY: objects.compiled(contract, written[objects.KEY]),
    }


def _whole(stack: Stack, minion_id: str) -> dict[str, Any]:
    forms = {name: stack.node(name) for name in stack.nodes}
    for form in forms.values():
        heal_hold.put(__opts__, form)
    return {
        "schema": SCHEMA,
        "contract": stack.contract.digest,
        "stack": stack.identity,
        "node": {"id": minion_id},
        "nodes": {
            name: {"address": node["address"], "roles": node["roles"]}
            for name, node in stack.nodes.items()
        },
        "components": {},
        "plan": stack.plan(),
        "heal": stack.heal,
        "all": forms,
    }


def _delivered(minion_id: str, names: list[str]) -> dict[str, Any]:
    """Give what the master's store holds for this minion: envelopes, certificates, the CA."""
    home = store.home(__opts__)
    secrets = {}
    for name in names:
        kept = store.read_json(store.within(home / "envelopes" / minion_id, name, ".json"))
        if kept:
            secrets[name] = kept["envelope"]
    authority = store.read(home / "ca" / "ca.pem")
    certificates = {
        path.stem: path.read_text("ascii")
        for path in sorted((home / "certs" / minion_id).glob("*.pem"))
    }
    return {
        "secrets": secrets,
        "ca": authority.decode("ascii") if authority else None,
        "certificates": certificates,
    }
