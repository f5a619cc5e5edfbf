"""Who types a verb: the user that Salt knows, and the user of the machine behind ``sudo``."""

from __future__ import annotations

import os
import sys

import salt.utils.user

VERBS = "saltext.eos.verbs."


def asker() -> str:
    """
    Name who asks, such as ``alice``, or ``root (alice by sudo)``.

    Salt puts the user, of eauth too, into the globals of one function of each runner it has loaded,
    whichever that is; a verb may stand in another file.
    """
    told = {
        str(vars(module)["__user__"])
        for name, module in [*sys.modules.items()]
        if name.startswith(VERBS) and vars(module).get("__user__")
    }
    here = salt.utils.user.get_specific_user()
    user = min(told - {"UNKNOWN"}, default=here)
    behind = os.environ.get("SUDO_USER")
    if user != here or not behind:
        return user
    return f"{user.removeprefix(f'sudo_{behind}') or 'root'} ({behind} by sudo)"
