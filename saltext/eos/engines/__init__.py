"""Engines of the master."""
