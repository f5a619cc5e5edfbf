"""Outputters."""
