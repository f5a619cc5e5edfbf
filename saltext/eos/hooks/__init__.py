"""Hooks: Python that a declaration names, one file per component or resource."""
