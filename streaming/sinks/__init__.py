"""Sinks: one process per destination, each reading the packet ring at its own pace."""
