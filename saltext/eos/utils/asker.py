"""Who types a verb: the user that Salt knows, and the person of the machine behind that."""

from __future__ import annotations

import ipaddress
import os
import pwd
import sys
from pathlib import Path

import salt.utils.user

VERBS = "saltext.eos.verbs."
# Who logged in, as the kernel keeps it through `su`, `sudo` and Salt's own change of user.
LOGIN = Path("/proc/self/loginuid")


def asker() -> str:
    """
    Name who asks, such as ``alice``, ``root (alice by sudo)`` or ``salt (login alice)``.

    Salt puts the user, of eauth too, into the globals of one function of each runner it has loaded,
    whichever that is; a verb may stand in another file. A master that runs as ``salt`` makes that
    the user of everybody at its shell, so the person is looked for behind it.
    """
    told = {
        str(vars(module)["__user__"])
        for name, module in [*sys.modules.items()]
        if name.startswith(VERBS) and vars(module).get("__user__")
    }
    here = salt.utils.user.get_specific_user()
    user = min(told - {"UNKNOWN"}, default=here)
    if user != here:
        return user
    name, behind = user, os.environ.get("SUDO_USER")
    if behind:
        name = user.removeprefix(f"sudo_{behind}") or "root"
    login = _login()
    known = [f"{behind} by sudo"] if behind else []
    known += [f"login {login}"] if login and login not in (name, behind) else []
    known += [f"from {place}"] if (place := _place()) else []
    return f"{name} ({', '.join(known)})" if known else name


def _login() -> str:
    """Name who logged in; empty where nobody did, such as in a container."""
    try:
        return pwd.getpwuid(int(LOGIN.read_text("ascii"))).pw_name
    except (OSError, ValueError, KeyError, OverflowError):
        return ""


def _place() -> str:
    """Give the address that a session of SSH comes from; empty for any other."""
    said = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        return ""
