"""What goes wrong while keeping, in words the floors above may know."""


class Unavailable(Exception):
    """A backend does not answer; `what` is "mongo" or "objects"."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} does not answer")
        self.what = what


class Busy(Exception):
    """Too many decisions about the same records at once; the caller may try again."""
