"""Wardrobe: adapters, personas, the schedule, and what each room wears."""
