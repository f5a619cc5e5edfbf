"""What each beacon may be told: one generated module each, and its drop-in; the wheel adds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
