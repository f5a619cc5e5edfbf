"""What each beacon may be told: one generated module each."""
