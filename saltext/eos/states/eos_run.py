"""Run an Eos runner as one step of an orchestration, with honest changes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError, SaltException

from saltext.eos.utils import lock, state
from saltext.eos.utils.announce import announce

if TYPE_CHECKING:
    from collections.abc import Callable

    __opts__: dict[str, Any]
    __orchestration_jid__: str
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "eos_run"

_RAISED = re.compile(r"^[A-Za-z_][\w.]*(?:: |$)", re.MULTILINE)


def __virtual__():
    return __virtualname__


def done(name, kwargs=None, told=False):
    """
    Run a runner; the step has changes only if the runner reports some.

    In test mode the runner is called with ``test=True`` and only predicts.

    .. code-block:: yaml

        secrets:
          eos_run.done:
            - name: eos.secrets

    name
        The runner: ``eos.<verb>``.

    kwargs
        Its keyword arguments; none when left out.

    told
        ``True`` to tell the runner, as ``orchestration``, which one it is a step of: its job,
        process and user. Salt itself does not tell it: the runner gets a job of its own.
    """
    test = bool(__opts__["test"])
    given = {**(kwargs or {}), "test": test}
    if told:
        given["orchestration"] = _orchestration()
    _tell(name, "started", {})
    try:
        answer = __salt__["saltutil.runner"](name, kwarg=given, full_return=True)
    except (SaltException, TypeError) as err:
        answer = {"success": False, "return": str(err)}
    found = answer.get("return")
    if not answer.get("success", True) or not isinstance(found, dict):
        _tell(name, "failed", {"comment": str(found)})
        return state.failed(name, CommandExecutionError(_reason(name, found)))
    changes = found.get("changes") or {}
    comment = found.get("comment") or f"Runner {name} has nothing to say."
    outcome: bool | None = found.get("result", True)
    if outcome and test and changes:
        outcome = None
    _tell(name, "failed" if outcome is False else "done", {"changes": changes, "comment": comment})
    return state.result(name, outcome, comment, changes)


def _orchestration() -> dict[str, Any]:
    try:
        jid = str(__orchestration_jid__)
    except NameError:
        jid = ""
    pid = os.getpid()
    user = str(__opts__.get("user") or "unknown")
    return {"jid": jid, "pid": pid, "started": lock.started(pid), "user": user}


def _reason(name: str, found: Any) -> str:
    """Give the runner's own words; for an exception Salt hands over a whole traceback."""
    if isinstance(found, dict) and found.get("comment"):
        return str(found["comment"])
    text = str(found).strip()
    starts = list(_RAISED.finditer(text))
    if "Traceback" in text and starts:
        text = text[starts[-1].end() :]
    return text.strip() or f"runner {name} failed and said nothing"


def _tell(name: str, what: str, data: dict[str, Any]) -> None:
    announce(__opts__, f"{name}/{what}", {"step": name, "test": bool(__opts__["test"]), **data})
