"""Events that Eos knows: one generated module each, and the table of all."""
