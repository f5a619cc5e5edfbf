"""The command ``saltext-eos``."""
