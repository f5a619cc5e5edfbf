"""Answers in the shape that they must have: what is no such answer proves nothing."""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.http import Client, Forbidden, HttpError


def mapping(answer: Any, what: str, *keys: str) -> dict[str, Any]:
    """
    Give an answer that is an object with these keys.

    :raises CommandExecutionError: it is none; what it holds instead is not repeated.
    """
    if isinstance(answer, dict) and all(key in answer for key in keys):
        return answer
    missing = f" with {', '.join(keys)}" if keys else ""
    raise CommandExecutionError(
        f"{what} is no answer of this server's API: expected an object{missing}; found "
        f"{_kind(answer)}; look for something else at that address"
    )


def part(answer: dict[str, Any], key: str, what: str) -> dict[str, Any]:
    """
    Give an object inside of an answer; an empty one when it is left out.

    :raises CommandExecutionError: it is something else.
    """
    inner = answer.get(key)
    return {} if inner is None else mapping(inner, f"{key} of {what}")


def listing(answer: Any, what: str, *keys: str) -> list[dict[str, Any]]:
    """
    Give an answer that is a list of objects, each with these keys.

    :raises CommandExecutionError: it is none; what it holds instead is not repeated.
    """
    if not isinstance(answer, list):
        raise CommandExecutionError(
            f"{what} is no answer of this server's API: expected a list; found {_kind(answer)}; "
            "look for something else at that address"
        )
    return [mapping(one, what, *keys) for one in answer]


def number(found: dict[str, Any], name: str, what: str) -> int:
    """
    Give a whole number of an answer; 0 where it has none.

    :raises CommandExecutionError: it is something else.
    """
    value = found.get(name)
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    raise CommandExecutionError(
        f"{what} is no answer of this server's API: expected a number as {name}; found "
        f"{_kind(value)}; look for something else at that address"
    )


def unsaid(err: HttpError, where: str) -> HttpError:
    """
    Give an error without the server's words: it may repeat the secret that was sent.

    :param where: what was sent, as ``POST /v1/…``.
    """
    if err.status is None:
        return err
    return type(err)(
        f"{where} answered {err.status}; its words are not repeated, because they may hold a "
        f"secret; look at the server's journal; {err.advice}",
        method=err.method, path=err.path, status=err.status, body=None,
    )  # fmt: skip


def refuse_unseen(client: Client, what: str, path: str) -> None:
    """
    Refuse to take what Consul has just answered for the whole.

    Consul leaves out of a list what the token may not read, and says so only to who has a token.

    :raises Forbidden: it says that it left something out, or cannot be believed that it did not.
    """
    denies = client.answered.get("x-consul-default-acl-policy") == "deny"
    is_filtered = client.answered.get("x-consul-results-filtered-by-acls") == "true"
    if is_filtered or (denies and not client.has_token):
        raise Forbidden(
            f"the token may not see the whole of {what}; expected a token at "
            "eos:connections:consul that may read it",
            method="GET", path=path, status=403, body=None,
        )  # fmt: skip


def _kind(value: Any) -> str:
    names = {str: "text", list: "a list", dict: "another object", bool: "true or false"}
    return names.get(type(value), "nothing" if value is None else "a number")
