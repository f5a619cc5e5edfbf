"""Configuration files as data, secrets put in at the last moment."""

from __future__ import annotations

import difflib
import hashlib
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import atomic, formats, mask, secret, state

if TYPE_CHECKING:
    from collections.abc import Callable

    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]
    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "eos_file"

UNITS = "/etc/systemd/system/"


def __virtual__():
    return __virtualname__


def managed(name, format, data, mode="0644", user="root", group="root"):
    """
    Ensure that a file holds this data, with this mode and owner.

    The file is replaced at once. Where the data refers to secrets, or the file is not for everyone
    to read, the change shows ``***`` in place of text. Below ``/etc/systemd/system`` systemd is
    told to read its units again.

    .. code-block:: yaml

        /etc/consul.d/eos.json:
          eos_file.managed:
            - format: json
            - data: {datacenter: dc1}
            - mode: "0640"

    name
        Path of the file.

    format
        ``json``, ``env``, ``lines`` or ``unit``.

    data
        What it says; secrets as markers.

    mode
        Permission bits, octal, as text.

    user
        Owner.

    group
        Group.
    """
    data = mask.plain(data)
    test = bool(__opts__["test"])
    try:
        if mask.holds_placeholder(data):
            raise CommandExecutionError(
                f"data of {name} holds Salt's pillar mask ({mask.PLACEHOLDER}), not a value; "
                "expected the value; convert pillar with saltext.eos.utils.mask.plain"
            )
        bits = int(str(mode), 8)
        if secret.holds(data) and bits & 0o007:
            raise CommandExecutionError(
                f"{name} has a secret and mode {mode}; expected a mode that gives others nothing; "
                "say mode: '0600' or '0640'"
            )
        present = _read(Path(name))
        try:
            text = formats.render(format, secret.resolve(data, __pillar__, __opts__))
            uid, gid = atomic.owner(user, group)
        except CommandExecutionError as err:
            if not test:
                raise
            return _unknowable(name, present, err)
        wanted = text.encode()
        hidden = secret.holds(data) or not bits & 0o004
        changes = _changes(present, wanted, (bits, uid, gid), (user, group), hidden)
        if not changes:
            return state.unchanged(name, f"File {name}")
        if not test:
            atomic.write(Path(name), wanted, mode=bits, uid=uid, gid=gid)
            if name.startswith(UNITS):
                __salt__["service.systemctl_reload"]()
    except (CommandExecutionError, ValueError, OSError) as err:
        return state.failed(name, err)
    verb = "created" if present is None else "updated"
    return state.changed(name, f"File {name} {{}} {verb}.", changes, test=test)


def _read(path: Path) -> tuple[bytes, int, int, int] | None:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(facts.st_mode):
        raise CommandExecutionError(f"{path} is no regular file; remove it, or move it away")
    return path.read_bytes(), stat.S_IMODE(facts.st_mode), facts.st_uid, facts.st_gid


def _changes(
    present: tuple[bytes, int, int, int] | None,
    wanted: bytes,
    access: tuple[int, int, int],
    owner: tuple[str, str],
    hidden: bool,
) -> dict[str, Any]:
    bits, uid, gid = access
    if present is None:
        new = {"content": {"old": None, "new": state.HIDDEN if hidden else _name(wanted)}}
        return new if hidden else {"content": new["content"] | {"diff": _diff(b"", wanted)}}
    old, old_bits, old_uid, old_gid = present
    changes: dict[str, Any] = {}
    if old != wanted:
        if hidden or not old_bits & 0o004:
            changes["content"] = {"old": state.HIDDEN, "new": state.HIDDEN}
        else:
            changes["content"] = {
                "old": _name(old),
                "new": _name(wanted),
                "diff": _diff(old, wanted),
            }
    if old_bits != bits:
        changes["mode"] = {"old": f"{old_bits:04o}", "new": f"{bits:04o}"}
    if old_uid != uid:
        changes["user"] = {"old": old_uid, "new": owner[0]}
    if old_gid != gid:
        changes["group"] = {"old": old_gid, "new": owner[1]}
    return changes


def _name(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()[:16]}"


def _diff(old: bytes, new: bytes) -> str:
    before, after = (one.decode("utf-8", "replace").splitlines(True) for one in (old, new))
    return "".join(difflib.unified_diff(before, after, "old", "new"))


def _unknowable(
    name: str, present: tuple[bytes, int, int, int] | None, err: CommandExecutionError
) -> dict[str, Any]:
    """Predict in test mode what cannot be compared yet: its secret or owner is not made."""
    old = None if present is None else state.HIDDEN
    changes = {"content": {"old": old, "new": state.HIDDEN}}
    return state.result(name, None, f"File {name} would have been written; now {err}.", changes)
