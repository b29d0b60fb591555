"""What the demo ships, and the programs that draw it."""
