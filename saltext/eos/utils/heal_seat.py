"""What this master may do where several heal, kept where the healer and those that claim see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saltext.eos.utils import heal_act
from saltext.eos.utils.heal_lease import ALONE, HOLDER, Standing
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import State
from saltext.eos.utils.heal_store import Store

Ask = Callable[[dict[str, Any]], Standing | None]
# Each step says so anew.
ALONE_FOR = 30.0


def healers(form: dict[str, Any]) -> list[str]:
    """Name the nodes whose masters the compiled stack lets heal."""
    nodes = form.get("nodes") or {}
    return sorted(name for name in nodes if nodes[name]["roles"].get("healer"))


class Seat:
    """
    The place of this master among those that heal.

    :param ask: gives its standing by the compiled stack; None where it is the only one.
    :param node: the minion beside this master.
    """

    def __init__(self, ask: Ask, node: str) -> None:
        self._ask, self.node = ask, node
        self.standing: Standing | None = None
        self._may_act, self._is_known = True, False
        self._taken = 0
        self._healers: list[str] = []
        self._refused = ""

    def look(self, form: dict[str, Any], settings: Settings | None) -> bool:
        """Ask what this master may do; True when it may decide."""
        self._is_known = settings is not None
        self._healers = healers(form)
        self.standing = self._ask(form) if self._is_known else None
        is_sole = self.standing is None or self.standing.role == HOLDER
        is_primary = settings is not None and settings.primary == self.node
        self._may_act = is_sole or (self.is_alone and is_primary)
        return self._may_act

    @property
    def is_alone(self) -> bool:
        """Whether nobody can say who heals."""
        return self.standing is not None and self.standing.role == ALONE

    @property
    def why_not(self) -> str | None:
        """Why this master stands by; None when it does not."""
        if self._may_act or self.standing is None:
            return None
        return self.standing.why

    def is_other(self, state: State) -> bool:
        """Tell whether what this master may do has changed since it was last written."""
        if not self._is_known:
            return bool(state.lease)
        if self.standing is None:
            return state.lease is not None
        if self.standing.role == HOLDER:
            return self.standing.epoch != self._taken
        return (state.lease != 0.0 and not self._may_act) or self._is_news

    @property
    def _is_news(self) -> bool:
        """Whether this master is refused, and nobody was told."""
        standing = self.standing
        return standing is not None and standing.is_refused and self._refused != standing.why

    def sit_down(self, store: Store, now: float) -> None:
        """Let the state say what this master may do, within a step."""
        state, standing = store.state, self.standing
        if not self._is_known:
            # No pillar says yet who heals: where a lease was needed nobody claims without one.
            state.lease = None if state.lease is None else 0.0
            return
        state.lease, state.only, state.healers = None, None, self._healers
        if standing is None:
            return
        if self._is_news:
            says = f"this master cannot ask who heals, and stands by: {standing.why}"
            state.line("alarm", now, cause="lease", says=says)
        if standing.role == HOLDER:
            state.lease = now + standing.left
            if standing.epoch != self._taken:
                store.take_over(standing.epoch, standing.before != self.node)
        elif self._may_act:
            state.lease, state.only = now + ALONE_FOR, self.node
        else:
            state.lease = 0.0
            heal_act.give_up(state, now, f"this master may not act any more: {standing.why}")

    def written(self) -> None:
        """Note that the step is on the disk."""
        self._taken = self.standing.epoch if self.standing is not None else 0
        is_refused = self.standing is not None and self.standing.is_refused
        self._refused = self.standing.why if self.standing is not None and is_refused else ""
