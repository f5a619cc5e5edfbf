"""Beacons of Eos."""
