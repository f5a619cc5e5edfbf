"""The site's CA, and the certificate of a component beside the key that was born on this host."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import atomic, mask, state, store, tls
from saltext.eos.utils.compiled import compiled
from saltext.eos.utils.settle import NotYet

__virtualname__ = "eos_tls"

TYPE_CHECKING = False
if TYPE_CHECKING:
    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]


def __virtual__() -> str:
    return __virtualname__


def authority(name: str) -> dict[str, Any]:
    """
    Write the site's CA.

    :param name: path of the file.

    .. code-block:: yaml

        authority:
          eos_tls.authority:
            - name: /etc/eos/tls/ca.pem
    """
    try:
        wanted = _authority()
        changes = _difference(Path(name), "authority", wanted)
        if not changes:
            return state.unchanged(name, name)
        if not __opts__["test"]:
            _write(Path(name), wanted)
        return state.changed(name, f"{name} {{0}} written.", changes, test=__opts__["test"])
    except NotYet as err:
        return _not_yet(name, err)
    except CommandExecutionError as err:
        return state.failed(name, err)


def installed(name: str, sans: list[str], user: str = "root") -> dict[str, Any]:
    """
    Put the certificate that the master issued beside the key of a component.

    :param name: the component; its key is ``/etc/eos/tls/<name>.key``.
    :param sans: names and addresses that the certificate has to have.
    :param user: who owns key and certificate.

    .. code-block:: yaml

        identity:
          eos_tls.installed:
            - name: consul
            - sans: [server.dc1.consul, 127.0.0.1]
            - user: consul
    """
    key, path = tls.key_path(name), tls.certificate_path(name)
    try:
        wanted = _certificate(name, sans)
        changes = _difference(path, "certificate", wanted)
        changes |= _owner(key, user, __opts__["test"])
        if not changes:
            return state.unchanged(name, f"The TLS identity of {name}")
        if not __opts__["test"]:
            _write(path, wanted)
            _own(key, user)
        comment = f"The TLS identity of {name} {{0}} installed."
        return state.changed(name, comment, changes, test=__opts__["test"])
    except NotYet as err:
        return _not_yet(name, err)
    except CommandExecutionError as err:
        return state.failed(name, err)


def _authority() -> str:
    found = compiled(__pillar__).get("ca")
    if not found:
        raise NotYet(
            "the master has no CA for this site; expected `salt-run eos.issue` to have made it; "
            "run it, and refresh this minion's pillar"
        )
    return str(found)


def _certificate(component: str, sans: list[str]) -> str:
    found = (compiled(__pillar__).get("certificates") or {}).get(component)
    if not found:
        raise NotYet(
            f"the master has issued no certificate for {component} on this node; expected "
            "`salt-run eos.issue` to have done so; run it, and refresh this minion's pillar"
        )
    tls.check_belongs(found, component)
    tls.check_names(found, component, mask.plain(sans))
    return str(found)


def _difference(path: Path, field: str, wanted: str) -> dict[str, dict[str, Any]]:
    found = store.read(path)
    if found == wanted.encode():
        return {}
    new = tls.fingerprint(wanted.encode())
    return {field: {"old": tls.fingerprint(found), "new": new}}


def _owner(path: Path, user: str, test: bool) -> dict[str, dict[str, Any]]:
    found = path.stat()
    try:
        wanted = pwd.getpwnam(user).pw_uid
    except KeyError as err:
        if not test:
            raise CommandExecutionError(
                f"there is no user {user}; expected its package to make it; look at the package"
            ) from err
        wanted = -1
    changes: dict[str, dict[str, Any]] = {}
    if found.st_uid != wanted:
        changes["owner"] = {"old": found.st_uid, "new": user}
    if found.st_mode & 0o777 != 0o600:
        changes["mode"] = {"old": f"{found.st_mode & 0o777:04o}", "new": "0600"}
    return changes


def _own(path: Path, user: str) -> None:
    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)
    path.chmod(0o600)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    atomic.write(path, text.encode(), mode=0o644, uid=0, gid=0)


def _not_yet(name: str, err: NotYet) -> dict[str, Any]:
    """In test mode, foresee what the issuing runner would deliver."""
    if not __opts__["test"]:
        return state.failed(name, err)
    changes = {"certificate": {"old": None, "new": "issued by the master"}}
    return state.changed(name, f"{name} {{0}} installed.", changes, test=True)
