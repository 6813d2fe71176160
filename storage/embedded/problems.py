"""Why the embedded servers do not start."""


class CannotStart(Exception):
    """One sentence for the person at the terminal."""
