"""A real MongoDB and a real S3 store as children of the server, for one machine and for tests."""

from storage.embedded.pair import Embedded, Endpoints, attach
from storage.embedded.problems import CannotStart

__all__ = ["CannotStart", "Embedded", "Endpoints", "attach"]
