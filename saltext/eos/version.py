"""The version of the wheel and of the compiled form it understands."""

__version__ = "0.1.0"

SCHEMA = 1
"""Version of ``eos:_compiled``; the guard refuses any other."""
