"""Why the embedded servers do not start."""


class CannotStart(Exception):
    """One sentence for the person at the terminal."""


class PortTaken(CannotStart):
    """Another program took a port between its choice and its use; other ports may do."""
