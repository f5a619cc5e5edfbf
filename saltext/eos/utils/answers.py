"""Answers in the shape that they must have: what is no such answer proves nothing."""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError


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


def _kind(value: Any) -> str:
    names = {str: "text", list: "a list", dict: "another object", bool: "true or false"}
    return names.get(type(value), "nothing" if value is None else "a number")
