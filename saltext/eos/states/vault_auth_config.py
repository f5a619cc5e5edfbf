"""
Manage what auth methods of Vault are configured with.

Each method has settings of its own, by the names that Vault gives them. The method itself is a
``vault_auth_method``; its configuration goes with it.
"""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, auth_config, fate, placed, settings, state
from saltext.eos.utils.arguments import SLASHED, refuse_wrong
from saltext.eos.utils.http import HttpError
from saltext.eos.utils.mask import plain

__virtualname__ = "vault_auth_config"

__opts__: dict[str, Any]

_PLACES = "a map from each secret to its place: {file: …}, {sealed: …} or {vault: {path: …}}"
_SCHEMAS: dict[str, dict[str, Any]] = {
    "name": SLASHED,
    "config": {"type": "object"},
    "secrets": {
        "type": "object",
        "additionalProperties": {"type": "object"},
        "x-says": _PLACES,
        "x-form": "place:text",
    },
}


def __virtual__():
    return __virtualname__


def present(name, config, secrets=None):
    """
    Ensure that an auth method is configured with these settings; others stay as they are.

    .. code-block:: yaml

        jwt/nomad:
          vault_auth_config.present:
            - config:
                jwks_url: https://nomad.example:4646/.well-known/jwks.json
                jwt_supported_algs: [RS256, EdDSA]
                default_role: nomad-workloads

    name
        Path of the auth method, such as ``jwt/nomad``.

    config
        Value by setting, as Vault names them. What is to be taken away is written as an empty text
        or list, such as ``jwks_url: ''`` where keys take its place.

    secrets
        Where the settings lie that Vault never shows, such as ``oidc_client_secret`` or, inside of
        another setting, ``provider_config.gsuite_service_account``: a map from each to its place,
        ``{file: path}``, ``{sealed: name}`` or ``{vault: {path, field}}``.

    Vault does not show secrets, so they are written with each change of something else, and a
    change of one alone is not seen.
    """
    test = bool(__opts__.get("test"))
    done: dict[str, Any] = {}
    try:
        given = {"name": name, "config": plain(config), "secrets": plain(secrets)}
        refuse_wrong(_SCHEMAS, given, ("name", "config"))
        wanted, places = given["config"], given["secrets"] or {}
        if not wanted:
            raise CommandExecutionError("config: expected at least one setting; found none")
        auth_config.refuse_secrets(wanted)
        client = settings.connect("vault", __opts__)
        try:
            found = auth_config.read(client, name)
        except auth_config.NoMethod as err:
            if not test:
                raise
            changes = auth_config.hidden({**auth_config.changes(wanted, None), **places})
            said = f"Auth method {name} {{}} configured. Until then: {err}."
            return state.changed(name, said, changes, test=test)
        auth_config.refuse_unknown(wanted, found, name)
        changes = auth_config.changes(wanted, found)
        if not changes:
            return state.unchanged(name, f"Configuration of auth method {name}")
        auth_config.refuse_other(client, name)
        auth_config.refuse_misspelt(auth_config.known_names(client, name), wanted, places)
        auth_config.refuse_loss(found, wanted, places, name)
        hidden = auth_config.hidden({**changes, **places})
        opened = {one: placed.opened(place, __opts__) for one, place in places.items()}
        changes = changes if found else hidden
        if not test:
            what = f"auth method {name}"
            try:
                with fate.told(
                    what, "configured", changes, lambda: _left(client, name, wanted, changes)
                ):
                    _written(client, name, wanted, found, opened)
            except auth_config.Ignored:
                done = changes
                raise
            done = changes
            left = auth_config.changes(wanted, auth_config.read(client, name))
            if left:
                done = fate.real(changes, left)
                raise CommandExecutionError(
                    f"auth method {name} was configured, but Vault did not keep "
                    f"{', '.join(sorted(left))}; expected what it accepted; compare the names and "
                    "values with what `vault_auth_config.get` shows"
                )
    except CommandExecutionError as err:
        return state.failed(str(name)[:120], err, done)
    return state.changed(name, f"Auth method {name} {{}} configured.", changes, test=test)


def _written(
    client: Any, name: str, wanted: dict[str, Any], found: Any, secrets: dict[str, str]
) -> None:
    try:
        auth_config.write(client, name, wanted, found, secrets)
    except HttpError as err:
        if not secrets or err.status is None:
            raise
        raise answers.unsaid(err, f"POST {err.path}") from None


def _left(
    client: Any, name: str, wanted: dict[str, Any], changed: dict[str, Any]
) -> dict[str, Any]:
    """Ask Vault what is not configured; a method that shows nothing has nothing of it."""
    found = auth_config.read(client, name)
    return changed if found is None else auth_config.changes(wanted, found)
