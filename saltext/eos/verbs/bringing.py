"""Verbs that bring the stack up; each can be a step of an orchestration."""

from __future__ import annotations

from typing import Any

from salt.exceptions import SaltRunnerError
from salt.loader.dunder import __opts__

from saltext.eos.utils import contract, deliver, heal_notify_try, master
from saltext.eos.utils import issue as issuing
from saltext.eos.utils import preflight as flight
from saltext.eos.verbs.spoken import spoken


def preflight(test=False, within=flight.IDLE_WITHIN):
    """
    Check all that can be known to fail before a host is touched; a running stack passes.

    State jobs that still run on minions from an earlier orchestration are waited for.

    test
        Check only, and do not wait for running jobs.

    within
        Longest wait for running jobs, in seconds.

    CLI Example:

    .. code-block:: bash

        salt-run eos.preflight
    """
    return spoken(_preflight, test, within)


def secrets(test=False):
    """
    Make every secret that does not exist yet, and an envelope of it for each minion that needs it.

    test
        Only say what would be made.

    CLI Example:

    .. code-block:: bash

        salt-run eos.secrets test=True
    """
    return spoken(_secrets, test)


def issue(test=False):
    """
    Make the site's CA once, and a certificate for every component with an identity.

    A certificate is made anew when its names or the key of its host changed, or when less than
    30 % of its lifetime is left.

    test
        Only say what would be made; no host is asked.

    CLI Example:

    .. code-block:: bash

        salt-run eos.issue
    """
    return spoken(_issue, test)


def _preflight(test: bool, within: int) -> dict[str, Any]:
    form = master.form(__opts__)
    nodes = sorted(form["all"])
    found = flight.findings(__opts__, form, contract.load())
    if found:
        lines = "\n".join(f"- {line}" for line in found)
        raise SaltRunnerError(f"preflight found {len(found)} in the way:\n{lines}")
    waited = [] if test else master.idle(__opts__, nodes, within)
    comment = f"{len(nodes)} nodes are ready."
    if waited:
        comment += f" Waited for {'; '.join(waited)}."
    # No step needs them, so none is kept back by them.
    untold = heal_notify_try.findings(dict(__opts__), form.get("heal") or {})
    comment += "".join(f"\nNobody will be told of healing this way: {line}." for line in untold)
    return {"changes": {}, "comment": comment}


def _secrets(test: bool) -> dict[str, Any]:
    changes = deliver.deliver(__opts__, contract.load(), master.form(__opts__), test=test)
    return _told(changes, "secrets and envelopes", test)


def _issue(test: bool) -> dict[str, Any]:
    changes = issuing.issue(__opts__, master.form(__opts__), test=test)
    return _told(changes, "certificates", test)


def _told(changes: dict[str, Any], what: str, test: bool) -> dict[str, Any]:
    if not changes:
        return {"changes": {}, "comment": f"All {what} are already as specified."}
    verb = "would have been made" if test else "have been made"
    return {"changes": changes, "comment": f"{len(changes)} of the {what} {verb}."}
