"""Every error this package raises on purpose.

    AdapterError
    ├── Refused        a file that can't become an adapter; `reason` is a word for programs
    ├── NoSpace        no memory or disk left for one more adapter
    ├── BadTimetable   slots, overrides or holidays that contradict each other
    ├── BadBase        a base model that can't be loaded
    ├── BadConfig      a training setting that is wrong; `field` names it
    ├── BadDataset     nothing to learn from, or nothing that can be read
    ├── Occupied       an output folder that holds something else, or that another training uses
    └── Diverged       a training whose loss is no number any more

Reasons of `Refused`: `pickle archive not_safetensors truncated header duplicate name dtype shape incomplete method
unknown_keys wrong_base rank alpha not_finite targets too_large`.
"""

from __future__ import annotations


class AdapterError(Exception):
    """Root of the tree: what is wrong, and what to do next."""

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class Refused(AdapterError):
    """A file that can't become an adapter."""

    def __init__(self, reason: str, message: str, *, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.reason = reason


class NoSpace(AdapterError):
    """No memory or disk left; `reason` is `no_memory` or `no_disk`."""

    def __init__(self, reason: str, message: str, *, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.reason = reason


class BadTimetable(AdapterError):
    """Entries of a timetable that contradict each other; `at` are their positions among `what` (slots, overrides)."""

    def __init__(self, message: str, *, next_step: str = "", at: tuple[int, ...] = (), what: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.at, self.what = at, what


class BadBase(AdapterError):
    """A base model that can't be loaded."""


class BadConfig(AdapterError):
    """A training setting that is wrong."""

    def __init__(self, field: str, message: str, *, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.field = field


class BadDataset(AdapterError):
    """Nothing to learn from, or nothing that can be read."""


class Occupied(AdapterError):
    """An output folder that holds something else, or that another training uses."""


class Diverged(AdapterError):
    """A training whose loss is no number any more."""
