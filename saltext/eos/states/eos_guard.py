"""Fail closed: nothing runs on a pillar that was not compiled for this wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import contract, host_form, record_books, record_store, state
from saltext.eos.utils.compiled import compiled as read_compiled
from saltext.eos.version import SCHEMA

if TYPE_CHECKING:
    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]
    __salt__: dict[str, Any]

__virtualname__ = "eos_guard"


def __virtual__():
    return __virtualname__


def compiled(name, schema, component=None, stack=False, objects=False):
    """
    Refuse to go on unless ``eos:_compiled`` is what the generated SLS was made for.

    .. code-block:: yaml

        consul guard:
          eos_guard.compiled:
            - schema: 1
            - component: consul

    name
        The state's id.

    schema
        Version of the compiled form that the SLS reads.

    component
        Component that must run on this node; none when left out.

    stack
        ``True`` in an orchestration: the pillar must describe the whole stack.

    objects
        ``True`` where the objects of the pillar are applied, on a node of the stack or elsewhere.
    """
    try:
        if schema != SCHEMA:
            raise CommandExecutionError(
                f"this SLS was generated for schema {schema}, this wheel supports {SCHEMA}; "
                "install the same saltext-eos on master and minion (`salt-run eos.versions`)"
            )
        errors = __pillar__.get("_errors")
        if errors:
            raise CommandExecutionError("pillar is refused:\n" + "\n".join(map(str, errors)))
        form = read_compiled(__pillar__, "objects" if objects else "components")
        if form.get("contract") not in (None, contract.digest()):
            raise CommandExecutionError(
                f"the pillar was compiled with contract {form['contract']}, this minion has "
                f"{contract.digest()}; install the same saltext-eos on master and minion, and "
                "restart both (`salt-run eos.versions`)"
            )
        if stack and "plan" not in form:
            raise CommandExecutionError(_no_stack(str(__opts__.get("id", "<id>_master"))))
        if not (stack or objects or __opts__.get("test")):
            _let_the_beacon_know(form)
        if component is not None and component not in form["components"]:
            raise CommandExecutionError(
                f"component {component} does not run on {form['node']['id']}; give the node a role "
                f"in eos:topology:{form['node']['id']}:roles:{component}, or leave the SLS out"
            )
    except CommandExecutionError as err:
        return state.failed(name, err)
    return state.result(name, True, f"The pillar is compiled with schema {schema}.")


def _let_the_beacon_know(form: dict[str, Any]) -> None:
    """
    Have the minion take its pillar anew when its beacon goes by another one, or by a refused one.

    A minion's own copy of the pillar is as old as its start, or as the last refresh by hand.
    """
    folder = record_store.home(__opts__, "eos_host")
    books = record_books.look(folder)[0]
    watched = books.get("form")
    if watched is None:
        return
    if books.get("refused") or watched != host_form.digest(host_form.of(form)):
        __salt__["event.fire"]({"force_refresh": False}, "pillar_refresh")


def _no_stack(minion_id: str) -> str:
    return (
        f"pillar of {minion_id} describes one node, not the stack; expected in the pillar's "
        f"top.sls `'{minion_id}': [eos]`, with the name of the SLS that holds `eos`"
    )
