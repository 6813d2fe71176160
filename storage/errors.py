"""What goes wrong while keeping, in words the floors above may know."""


class Unavailable(Exception):
    """A backend does not answer; `what` is "mongo" or "objects"."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} does not answer")
        self.what = what


class Busy(Exception):
    """Too many decisions about the same records at once; the caller may try again."""


class Locked(Exception):
    """The object store refuses: it keeps this version, or cannot lock it as asked."""


class Unreadable(Exception):
    """A record that is not as its class says; names where, never what stands there."""


class Missing(Exception):
    """A version that records know is not in the object store; a matter for the fixity report."""
