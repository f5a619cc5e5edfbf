"""What the healer's loop needs of everything around it; tests put their own in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from saltext.eos.utils.heal_state import Decision, Incident, View


class Outlet(Protocol):
    """Where decisions go."""

    def decided(self, decision: Decision) -> None:
        """Fire a decision."""

    def wake(self) -> None:
        """Show what is new in the audit."""

    def tell(self, kind: str, **data: Any) -> None:
        """Say what is in no audit."""


class World(Protocol):
    """What the loop reads; but for the view it is called in threads, and may hang."""

    def form(self) -> dict[str, Any]:
        """Compile the stack."""

    def snapshot(
        self, form: dict[str, Any], incidents: list[Incident], clock: Callable[[], float]
    ) -> Any:
        """Read the truth for some incidents; they are copies."""

    def view(
        self, incident: Incident, policy: Mapping[str, Any], snapshot: Any, form: dict[str, Any]
    ) -> View:
        """Say what a snapshot shows of one incident; pure."""
