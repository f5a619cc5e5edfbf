"""How a verb answers: what it found, or one message instead of a traceback."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from salt.exceptions import CommandExecutionError, SaltRunnerError
from salt.loader.dunder import __context__, __opts__

from saltext.eos.utils.asked import Unclear
from saltext.eos.utils.heal_file import Unusable


def spoken(work: Callable[..., Any], *arguments: Any) -> Any:
    """
    Give what a verb gives, or say why it failed.

    Salt prints a traceback for an exception. ``retcode`` in the return is the exit status of
    ``salt-run``, ``retcode`` in the context makes a step of an orchestration fail. It is 2 where
    what was asked for cannot be meant.
    """
    try:
        return work(*arguments)
    except (CommandExecutionError, SaltRunnerError, sqlite3.Error, Unusable) as err:
        code = 2 if isinstance(err, Unclear) else 1
        __context__["retcode"] = code
        return {"result": False, "comment": str(err), "retcode": code}


def shown(work: Callable[..., Any], *arguments: Any) -> Any:
    """Give what a verb for people gives: its ``text``, and all of it with ``--out=json``."""
    found = spoken(work, *arguments)
    if not isinstance(found, dict):
        return found
    if found.get("retcode"):
        __context__["retcode"] = found["retcode"]
    if "text" not in found and "comment" not in found:
        return found
    found.setdefault("text", found.get("comment"))
    # Without --out Salt shows a runner's return as this says.
    return found if "output" in __opts__ else {**found, "outputter": "eos"}
