"""Salt extension pack: one place where a stack is described, brought up, watched and healed."""

from saltext.eos.version import SCHEMA, __version__

__all__ = ["SCHEMA", "__version__"]
