"""Stand-in until legacy is merged."""
