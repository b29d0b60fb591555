"""Illustrator: draws the presenters and products that the demo ships."""
