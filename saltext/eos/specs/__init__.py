"""Generated tables that describe resources to the converge kernel."""
