"""What the exercises share, a room for each thing."""
