"""Voice: a line's text becomes speech with timings, in a process of its own."""
