"""Every error the project raises on purpose.

    NightAnchorError
    ├── BadInput            the caller's data is wrong; retrying cannot help
    │   ├── BadPicture      a picture that can't become a Look
    │   └── BadAddress      an output address that can't be used
    ├── NotFound            the thing named does not exist
    ├── Conflict            the thing exists already, or is busy
    ├── Unavailable         a process or device is away for now; retry later
    │   ├── ChildDown       the process asked is not running
    │   ├── Spent           no memory or disk is left
    │   └── TimedOut        no answer within the time allowed
    └── Corrupt             stored data can't be read
"""

from __future__ import annotations

from typing import Any, ClassVar


class NightAnchorError(Exception):
    """Root of the tree: a message for people, a code for programs, and what to do next.

    `reason` is a finer word for programs where a code covers several cases; mostly empty.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.reason = ""

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON form that travels over a `Channel`."""
        wire = {
            "code": self.code,
            "message": self.message,
            "next_step": self.next_step,
            "retryable": self.retryable,
        }
        return wire | ({"reason": self.reason} if self.reason else {})


class BadInput(NightAnchorError):
    """The caller's data is wrong; the same call can't succeed."""

    code = "bad_input"


class BadPicture(BadInput):
    """A picture that can't become a Look."""

    code = "bad_picture"


class BadAddress(BadInput):
    """An output address that can't be used."""

    code = "bad_address"


class NotFound(NightAnchorError):
    """The thing named does not exist."""

    code = "not_found"


class Conflict(NightAnchorError):
    """The thing exists already, or something else holds it."""

    code = "conflict"


class Unavailable(NightAnchorError):
    """A process or device is away for now."""

    code = "unavailable"
    retryable = True


class ChildDown(Unavailable):
    """The process asked is not running; its supervisor is bringing it back."""

    code = "child_down"


class Spent(Unavailable):
    """No memory or disk is left; `reason` is `no_memory` or `no_disk`."""

    code = "spent"


class TimedOut(Unavailable):
    """No answer within the time allowed."""

    code = "timed_out"


class Corrupt(NightAnchorError):
    """Stored data can't be read."""

    code = "corrupt"


_BY_CODE: dict[str, type[NightAnchorError]] = {
    c.code: c
    for c in (
        BadInput, BadPicture, BadAddress, NotFound, Conflict, Unavailable, ChildDown, Spent, TimedOut, Corrupt,
    )
}


def from_wire(data: dict[str, Any]) -> NightAnchorError:
    """Rebuild the error that `to_wire` described."""
    cls = _BY_CODE.get(str(data.get("code")), NightAnchorError)
    error = cls(str(data.get("message", "unknown fault")), next_step=str(data.get("next_step", "")))
    error.reason = str(data.get("reason", ""))
    return error
