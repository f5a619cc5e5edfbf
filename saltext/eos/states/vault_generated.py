"""
Secrets that Vault's KV engine has because nobody had to think of them: made once, never shown.

A secret that is there stays, whoever made it; no function changes or removes one.
"""

from __future__ import annotations

import re
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import fate, kv_secret, sealed, settings, state
from saltext.eos.utils.arguments import refuse_wrong
from saltext.eos.utils.http import Conflict, Forbidden
from saltext.eos.utils.kv_secret import PATH
from saltext.eos.utils.mask import plain
from saltext.eos.utils.validate import show

__virtualname__ = "vault_generated"

__opts__: dict[str, Any]

TRIES = 3
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,256}")
_FORM = {
    "type": "string",
    "pattern": "^(password|uuid|base64:(1[6-9]|[2-9][0-9]|[1-4][0-9][0-9]|50[0-9]|51[0-2]))$",
    "x-says": "password, uuid, or base64: with a number of bytes from 16 to 512",
    # Who takes this for the place of the value writes a secret here: it is not repeated.
    "x-form": "place:form",
}
_FIELDS = {
    "type": "object",
    "x-says": "a map from each field to the form in which it is made",
    "x-form": "place:form",
}


def __virtual__():
    return __virtualname__


def present(name, fields):
    """
    Ensure that a secret has these fields; a field that is there stays as it is.

    .. code-block:: yaml

        kv/app/database:
          vault_generated.present:
            - fields:
                password: password
                cookie: base64:32

    name
        Path of the secret from the mount of its KV engine on, version 1 or 2.

    fields
        What each field is made as: ``password`` (40 letters and digits), ``uuid``, or ``base64:``
        with the number of random bytes, from 16 to 512.

    Other fields of the secret stay. Two runs at once never make two values in an engine of version
    2: who comes second takes what is there. Version 1 has no swaps: give the token the capability
    ``create`` without ``update``, and Vault refuses the second run there, too.
    """
    test = bool(__opts__.get("test"))
    done: dict[str, Any] = {}
    try:
        forms = plain(fields)
        refuse_wrong(
            {"name": PATH, "fields": _FIELDS}, {"name": name, "fields": forms}, ("name", "fields")
        )
        _refuse_names(forms)
        refuse_wrong(
            {f"fields:{field}": _FORM for field in forms},
            {f"fields:{field}": form for field, form in forms.items()},
            tuple(f"fields:{field}" for field in forms),
        )
        if not forms:
            raise CommandExecutionError("fields: expected at least one field; found none")
        made = _made(settings.connect("vault", __opts__), name, forms, done, test=test)
    except CommandExecutionError as err:
        return state.failed(str(name)[:120], err, done)
    if not made:
        return state.unchanged(name, f"Secret {name}")
    comment = f"Secret {name} {{}} given {', '.join(made)}."
    return state.changed(name, comment, _changes(made), test=test)


def _refuse_names(forms: dict[str, Any]) -> None:
    wrong = [name for name in forms if not _NAME.fullmatch(name)]
    if wrong:
        raise CommandExecutionError(
            "fields: expected names of one line with at most 256 characters; found "
            f"{show(wrong[0])}"
        )


def _open(client: Any, name: str, forms: dict[str, str]) -> dict[str, Any]:
    """Ask Vault which fields are not there yet."""
    held = kv_secret.read(client, name).fields
    return _changes([field for field in forms if held.get(field) in (None, "")])


def _changes(made: list[str]) -> dict[str, Any]:
    return {field: {"old": None, "new": state.HIDDEN} for field in made}


def _made(
    client: Any, name: str, forms: dict[str, str], done: dict[str, Any], *, test: bool
) -> list[str]:
    """
    Make what is missing and name it; whoever was first is right.

    :param done: takes what was written as soon as it is.
    """
    for attempt in range(1, TRIES + 1):
        held = kv_secret.read(client, name)
        missing = sorted(field for field in forms if held.fields.get(field) in (None, ""))
        if test or not missing:
            return missing
        new = {field: sealed.generate(forms[field]) for field in missing}
        wanted = _changes(missing)
        try:
            with fate.told(f"secret {name}", "written", wanted, lambda: _open(client, name, forms)):
                kv_secret.write(client, held, held.fields | new)
        except (Conflict, Forbidden):
            # Forbidden: a token without `update` finds that the secret is there by now.
            if attempt == TRIES or (held.version is None and held.fields):
                raise
            continue
        done.update(wanted)
        again = kv_secret.read(client, name).fields
        lost = [field for field in forms if again.get(field) in (None, "")]
        if lost:
            raise CommandExecutionError(
                f"{name} was written, but has no {', '.join(lost)}; expected what Vault accepted; "
                "look for a second writer"
            )
        return [field for field in missing if again[field] == new[field]]
    raise AssertionError("unreachable")
