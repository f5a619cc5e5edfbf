"""
Show what a runner of Eos says to people: ``salt-run eos.status --out=eos``.

Data without such a text is shown as Salt shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    __salt__: dict[str, Callable[..., Any]]

__virtualname__ = "eos"


def __virtual__():
    return __virtualname__


def output(data, **_):
    """
    Write ``data["text"]`` alone, a list of lines line by line, or everything as YAML.

    data
        What the runner returned.

    CLI Example:

    .. code-block:: bash

        salt-run eos.status --out=eos
    """
    if isinstance(data, dict) and isinstance(data.get("text"), str):
        return data["text"]
    if isinstance(data, list) and all(isinstance(line, str) for line in data):
        return "\n".join(data)
    import salt.utils.yaml  # noqa: PLC0415 - only for what has no text

    return salt.utils.yaml.safe_dump(data, default_flow_style=False)
