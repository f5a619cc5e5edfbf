"""The configuration of an auth method of Vault, whatever the method calls its settings."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, diff, forms
from saltext.eos.utils.http import Client, NotFound
from saltext.eos.utils.validate import same

_NONE: tuple[Any, ...] = ("", [], {}, None)

_SECRETS = (
    "secret", "password", "bindpass", "private_key", "secret_key", "tls_key", "reviewer_jwt",
    "credentials", "api_token", "org_token",
)  # fmt: skip
"""How the settings end that methods of Vault never show."""


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
            raise CommandExecutionError(
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
        if not _is_like(value, known.get(name))
    }


def refuse_secrets(config: dict[str, Any]) -> None:
    """
    Refuse settings whose values must not be shown; none of them is repeated.

    :raises CommandExecutionError: the first of them.
    """
    for name in sorted(config):
        if name.endswith(_SECRETS):
            raise CommandExecutionError(
                f"config:{name}: expected a setting that may be shown; found a secret, which is "
                "not; name its place in `secrets`"
            )


def refuse_unknown(config: dict[str, Any], found: dict[str, Any] | None, mount: str) -> None:
    """
    Refuse a setting that the method does not show: Vault would take it in silence.

    :raises CommandExecutionError: every such setting.
    """
    unknown = sorted(set(config) - set(found)) if found else []
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
    known = found or {}
    hidden = [name.removesuffix("_set") for name, one in known.items() if _tells_of(name, one)]
    hidden += ["oidc_client_secret"] if known.get("oidc_client_id") else []
    for name in hidden:
        if name not in secrets:
            raise CommandExecutionError(
                f"secrets:{name}: expected its place, because auth/{mount} has one, Vault does not "
                "show it, and a write without it would lose it; found nothing"
            )
    provider = (known.get("provider_config") or {}).get("provider")
    if provider == "gsuite" and "provider_config" not in config:
        raise CommandExecutionError(
            f"config:provider_config: expected the whole of it, because auth/{mount} has one, of "
            "which Vault does not show the account; found nothing"
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
    """Write the whole: what is not managed stays as it was read."""
    kept = {name: value for name, value in (found or {}).items() if value not in _NONE}
    client.post(_path(mount), {**kept, **config, **secrets})


def _path(mount: str) -> str:
    return f"/v1/auth/{quote(mount, safe='/')}/config"


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
    try:
        return diff.nanoseconds(text) / forms.SECOND
    except ValueError:
        return None
