"""The stack lock as steps of an orchestration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import lock, state

if TYPE_CHECKING:
    __opts__: dict[str, Any]
    __user__: str
    __orchestration_jid__: str

__virtualname__ = "eos_lock"


def __virtual__():
    return __virtualname__


def held(name):
    """
    Take the stack lock, or fail and say who holds it.

    A lock whose process is gone is taken over. Taking it is no change of the stack, so the step
    reports none. In test mode nothing is taken, but a held lock is reported.

    .. code-block:: yaml

        lock:
          eos_lock.held:
            - name: bootstrap

    name
        What it is for.
    """
    try:
        if __opts__["test"]:
            holder = lock.read(__opts__)
            if holder:
                return state.failed(name, f"The stack lock is held by {lock.describe(holder)}.")
            return state.result(name, True, "The stack lock is free.")
        stale = lock.take(__opts__, name, _jid(), _owner())
    except CommandExecutionError as err:
        return state.failed(name, err)
    if stale:
        was = f"{stale['name']} (job {stale['jid']})"
        return state.result(name, True, f"Took the stack lock over from {was}, which is gone.")
    return state.result(name, True, "Took the stack lock.")


def released(name):
    """
    Let the stack lock go if this orchestration holds it.

    .. code-block:: yaml

        lock released:
          eos_lock.released:
            - name: bootstrap
            - order: last

    name
        What it was for.
    """
    try:
        let_go = not __opts__["test"] and lock.release(__opts__)
    except CommandExecutionError as err:
        return state.failed(name, err)
    comment = "Let the stack lock go." if let_go else "The stack lock is not held by this run."
    return state.result(name, True, comment)


def _jid() -> str:
    try:
        return str(__orchestration_jid__)
    except NameError:
        return "unknown"


def _owner() -> str:
    try:
        return str(__user__)
    except NameError:
        return "unknown"
