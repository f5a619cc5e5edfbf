"""
Tell observers on the master's event bus what an orchestration does.

Salt itself says nothing there after a step: an orchestration runs with ``local: True``, which
turns off ``event.send``, ``fire_event`` and ``state_events`` alike (``salt.config.mminion_config``
and ``salt.state.State.event`` of 3006 and 3008).
"""

from __future__ import annotations

import logging
from typing import Any

import salt.utils.event

log = logging.getLogger(__name__)


def announce(opts: dict[str, Any], tag: str, data: dict[str, Any]) -> None:
    """
    Fire one event; a run does not fail because nobody listens.

    :param opts: options of the master, or of the minion that runs the orchestration on it.
    :param tag: tag below ``eos/run``.
    :param data: what observers may know: no secret.
    """
    try:
        with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=False) as bus:
            bus.fire_event(data, f"eos/run/{tag}")
    except Exception as err:  # noqa: BLE001 - Salt's transports raise whatever their library does
        log.warning("event eos/run/%s did not reach the bus: %s", tag, err)
