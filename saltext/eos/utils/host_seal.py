"""Whether the Vault of this host is sealed."""

from __future__ import annotations

import time
from collections.abc import Callable

from saltext.eos.utils.host_judge import WELL, Seen
from saltext.eos.utils.http import Client
from saltext.eos.utils.moments import exact


class Seal:
    """
    The seal of one Vault, which it shows to everybody.

    :param address: of Vault, on this host.
    :param invocation: gives systemd's id of its unit's present life.
    :param open_in: the life in which it was last seen open; None where that is not known.
    """

    def __init__(
        self, address: str, authority: str, minion: str, invocation: Callable[[], str | None],
        open_in: str | None = None,
    ) -> None:  # fmt: skip
        self._address = address
        self._client = Client(address, authority, timeout=5.0, attempts=1, within=10.0)
        self._minion = minion
        self._invocation = invocation
        self._open_in = open_in

    def look(self) -> list[Seen]:
        """
        Ask Vault; one that was never initialised is neither sealed nor open.

        :raises HttpError: it does not answer, so nothing is known.
        """
        said = self._client.get("/v1/sys/seal-status")
        if not said["initialized"]:
            return []
        life = self._invocation()
        is_sealed = bool(said["sealed"])
        if not is_sealed:
            self._open_in = life
        # Only a life that is known to be another one shows that no person has sealed it.
        is_other = None not in (life, self._open_in) and life != self._open_in
        cause = "open" if not is_sealed else "restarted" if is_other else "sealed"
        return [
            Seen(
                thing=f"seal:{self._address}",
                event="vault/seal",
                level="sealed" if is_sealed else WELL,
                mark=str(life),
                occurred=exact(time.time()),
                payload={
                    "subject": {"minion": self._minion, "address": self._address},
                    "verdict": {"cause": cause},
                    "change": {"progress": int(said["progress"]), "threshold": int(said["t"])},
                    "links": {"invocation": life},
                },
                recovery="unsealed",
                is_each=is_sealed,
                is_numbered=True,
                well_in=None if is_sealed else life,
            )
        ]
