"""What is to run on a host, out of the compiled pillar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Form(NamedTuple):
    """
    What this host has to have.

    :param units: systemd unit to its component.
    """

    units: dict[str, str]


NOTHING = Form({})


def of(form: Mapping[str, Any]) -> Form:
    """
    Read what a host's compiled form says of it.

    :param form: ``eos:_compiled`` in plain containers.
    """
    components = {name: part for name, part in form["components"].items() if "each" not in part}
    return Form(
        units={part["unit"]: name for name, part in components.items() if part.get("unit")},
    )
