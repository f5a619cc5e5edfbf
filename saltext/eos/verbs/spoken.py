"""How a verb answers: what it found, or one message instead of a traceback."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from salt.exceptions import CommandExecutionError, SaltRunnerError
from salt.loader.dunder import __context__


def spoken(work: Callable[..., Any], *arguments: Any) -> Any:
    """
    Give what a verb gives, or say why it failed.

    Salt prints a traceback for an exception. ``retcode`` in the return is the exit status of
    ``salt-run``, ``retcode`` in the context makes a step of an orchestration fail.
    """
    try:
        return work(*arguments)
    except (CommandExecutionError, SaltRunnerError, sqlite3.Error) as err:
        __context__["retcode"] = 1
        return {"result": False, "comment": str(err), "retcode": 1}
