"""External pillar."""
