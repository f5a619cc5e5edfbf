"""The configuration of an auth method of Vault, whatever the method calls its settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, diff, forms
from saltext.eos.utils.http import Client, Forbidden, NotFound
from saltext.eos.utils.state import HIDDEN
from saltext.eos.utils.validate import nearest, same

_NONE: tuple[Any, ...] = ("", [], {}, None)

_SECRETS = (
    "secret", "password", "bindpass", "private_key", "secret_key", "tls_key", "reviewer_jwt",
    "credentials", "token", "keytab", "service_account",
)  # fmt: skip
"""How the settings end that methods of Vault never show."""
_LOWERED = ("url", "userattr")
_NO_METHOD = "no handler for route"
_IGNORED = re.compile(r"unrecognized parameters: \[([^\]]*)\]")


class NoMethod(CommandExecutionError):
    """There is no auth method at that path; another state may enable it before."""


def read(client: Client, mount: str) -> dict[str, Any] | None:
    """
    Read what a method is configured with, secrets left out; ``None`` when it is not yet.

    :raises CommandExecutionError: there is no such method, or it has no configuration.
    """
    path = _path(mount)
    try:
        return answers.mapping(client.get(path), f"GET {path}")
    except NotFound as err:
        said = err.body.get("errors") if isinstance(err.body, dict) else None
        if said:
            kind = NoMethod if str(said[0]).startswith(_NO_METHOD) else CommandExecutionError
            raise kind(
                f"there is nothing to configure at auth/{mount}: {str(said[0])[:200].strip()}; "
                "expected the path of an auth method that has a configuration; enable it first, "
                "with vault_auth_method.present"
            ) from err
        return None


def changes(config: dict[str, Any], found: dict[str, Any] | None) -> dict[str, Any]:
    """Give what must be written of what is wanted."""
    known = found or {}
    return {
        name: {"old": known.get(name), "new": value}
        for name, value in config.items()
        if not _is_secret(name)
        and not _is_like(_normal(name, value), _normal(name, known.get(name)))
    } | {
        name: {"old": HIDDEN, "new": None}
        for name in config
        if _is_secret(name) and known.get(f"{name}_set") is True
    }


def hidden(changed: dict[str, Any]) -> dict[str, Any]:
    """
    Give the changes of a first write without a value.

    A method that is not configured shows no setting, so nobody knows which of them are secrets.
    """
    return {name: {"old": None, "new": HIDDEN} for name in changed}


def refuse_secrets(config: dict[str, Any], where: str = "config", inner: str = "") -> None:
    """
    Refuse settings whose values must not be shown; none of them is repeated.

    An empty one is no secret: it takes one away.

    :raises CommandExecutionError: the first of them.
    """
    for name, value in sorted(config.items()):
        if _is_secret(name) and (inner or value not in _NONE):
            raise CommandExecutionError(
                f"{where}:{name}: expected a setting that may be shown; found a secret, which is "
                f"not; name its place in `secrets`, as {inner}{name}"
            )
        if isinstance(value, dict):
            refuse_secrets(value, f"{where}:{name}", f"{inner}{name}.")


def known_names(client: Client, mount: str) -> set[str]:
    """
    Give the settings that Vault's own help names for a method; none where it does not say.

    Vault takes a misspelt setting in silence.
    """
    try:
        found = client.get(f"{_path(mount)}?help=1")
    except (Forbidden, NotFound):
        return set()
    return set(_properties(found.get("openapi") if isinstance(found, dict) else None))


def _properties(value: Any) -> Iterator[str]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    held = value.get("properties") if isinstance(value, dict) else None
    if isinstance(held, dict):
        yield from (str(name) for name in held)
    for item in items:
        yield from _properties(item)


def refuse_misspelt(known: set[str], config: dict[str, Any], secrets: dict[str, Any]) -> None:
    """
    Refuse a setting or a secret of which Vault does not know the name.

    :param known: none when Vault does not say.
    :raises CommandExecutionError: the first of them.
    """
    for where, names in (("config", config), ("secrets", secrets)):
        for name in sorted(names):
            outer = name.partition(".")[0]
            if known and outer not in known:
                raise CommandExecutionError(
                    f"{where}:{name}: expected one of {', '.join(sorted(known))}"
                    f"{nearest(outer, known)}; found an unknown one"
                )


def refuse_other(client: Client, mount: str) -> None:
    """
    Refuse a path that is none of a method: below `userpass/users` Vault would write a user.

    :raises CommandExecutionError: it lies inside of a method.
    """
    where = f"/v1/sys/internal/ui/mounts/auth/{quote(mount, safe='/')}"
    found = answers.mapping(client.get(where), f"GET {where}", "path")
    path = str(found["path"]).strip("/")
    if path not in (mount, f"auth/{mount}"):
        raise CommandExecutionError(
            f"name: expected the path of an auth method; found {mount!r}, which lies inside of "
            f"{path!r}"
        )


def refuse_unknown(config: dict[str, Any], found: dict[str, Any] | None, mount: str) -> None:
    """
    Refuse a setting that the method does not show: Vault would take it in silence.

    :raises CommandExecutionError: every such setting.
    """
    for name in sorted(config):
        if _is_secret(name) and f"{name}_set" not in (found or {}):
            raise CommandExecutionError(
                f"config:{name}: expected nothing, because auth/{mount} does not say whether there "
                "is one that could be taken away; found an empty one"
            )
    shown = {name for name in config if not _is_secret(name)}
    unknown = sorted(shown - set(found)) if found else []
    if unknown:
        raise CommandExecutionError(
            f"config:{unknown[0]}: expected one of {', '.join(sorted(found or {}))}, which "
            f"auth/{mount} shows; found an unknown one; a secret belongs into `secrets`"
        )


def refuse_loss(
    found: dict[str, Any] | None, config: dict[str, Any], secrets: dict[str, Any], mount: str
) -> None:
    """
    Refuse to write a method whole that has a secret which was not given: it would be lost.

    :raises CommandExecutionError: the first such secret.
    """
    after = {**(found or {}), **config}
    unseen = [name.removesuffix("_set") for name, one in after.items() if _tells_of(name, one)]
    unseen += ["oidc_client_secret"] if after.get("oidc_client_id") else []
    provider = answers.part(after, "provider_config", f"auth/{mount}").get("provider")
    unseen += ["provider_config.gsuite_service_account"] if provider == "gsuite" else []
    for name in unseen:
        if name not in secrets and name not in config:
            raise CommandExecutionError(
                f"secrets:{name}: expected its place, because auth/{mount} has one, Vault does not "
                "show it, and a write without it would lose it; found nothing"
            )


def _tells_of(name: str, value: Any) -> bool:
    """Tell whether a setting says of a secret that there is one, as ``token_reviewer_jwt_set``."""
    return value is True and name.removesuffix("_set").endswith(_SECRETS) and name.endswith("_set")


def write(
    client: Client,
    mount: str,
    config: dict[str, Any],
    found: dict[str, Any] | None,
    secrets: dict[str, str],
) -> None:
    """
    Write the whole: what is not managed stays as it was read.

    :raises CommandExecutionError: Vault says that it knows one of the names not.
    """
    kept = {name: value for name, value in (found or {}).items() if value not in _NONE}
    body = {**kept, **config}
    for name, secret in secrets.items():
        outer, _, inner = name.partition(".")
        body[outer] = {**(body.get(outer) or {}), inner: secret} if inner else secret
    client.post(_path(mount), body)
    said = _IGNORED.findall(" ".join(getattr(client, "warnings", ())))
    ignored = {name for one in said for name in one.split()} & {*config, *secrets}
    if ignored:
        raise Ignored(
            f"auth method {mount} was configured, but Vault does not know "
            f"{', '.join(sorted(ignored))}; expected settings that it knows; take them out"
        )


class Ignored(CommandExecutionError):
    """It was written, but a part of it was not taken."""


def _path(mount: str) -> str:
    return f"/v1/auth/{quote(mount, safe='/')}/config"


def _is_secret(name: str) -> bool:
    return name.endswith(_SECRETS)


def _normal(name: str, value: Any) -> Any:
    """Give a setting as Vault keeps it: LDAP lower-cases some, GitHub ends its address in `/`."""
    if name in _LOWERED and isinstance(value, str):
        return value.lower()
    return value.rstrip("/") if name == "base_url" and isinstance(value, str) else value


def _is_like(wanted: Any, found: Any) -> bool:
    """Compare a setting with what Vault makes of it: spans in seconds, lists of commas, PEM."""
    if wanted in _NONE and found in (*_NONE, False, 0):
        return True
    if isinstance(found, list) and isinstance(wanted, str):
        wanted = [part.strip() for part in wanted.split(",") if part.strip()]
    if isinstance(found, list) and isinstance(wanted, list):
        pairs = zip(wanted, found, strict=False)
        return len(wanted) == len(found) and all(_is_like(one, two) for one, two in pairs)
    is_number = isinstance(found, int) and not isinstance(found, bool)
    if is_number and isinstance(wanted, str):
        return _seconds(wanted) == found
    if isinstance(wanted, str) and isinstance(found, str):
        return wanted.strip() == found.strip()
    return same(wanted, found)


def _seconds(text: str) -> float | None:
    if text.strip().isdecimal():
        return float(text)
    try:
        return diff.nanoseconds(text) / forms.SECOND
    except ValueError:
        return None
