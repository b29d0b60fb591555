"""The demo's own models: how each is made from nothing."""
