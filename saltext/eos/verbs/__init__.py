"""
The verbs of ``salt-run eos.<verb>``, a file for each sort of them.

The runner imports them, and says that they are its own: Salt's loader leaves out what is of another
module. Salt puts nothing into these files: ``__opts__`` and ``__context__`` come from
``salt.loader.dunder``, which gives those of the loader that runs the verb.
"""
