"""Ports on this machine only: the remembered ones while they are free, else others."""

import secrets
import socket
import sys
from collections.abc import Mapping, Sequence

LOOPBACK = "127.0.0.1"
BESIDE = 10_000  # the store opens some doors this far above those it was given
_LOWEST, _HIGHEST = 15_000, 22_000  # below those that outgoing connections get, also with BESIDE
_TRIES = 1_000


def is_free(port: int) -> bool:
    """Whether a server may listen on that loopback port."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # there the option would allow to share a port in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(names: Sequence[str], remembered: Mapping[str, int]) -> dict[str, int]:
    """A port for each name, none given out twice."""
    ports: dict[str, int] = {}
    for name in names:
        known = remembered.get(name)
        if known is not None and known not in ports.values() and _is_free_with_its_side(known):
            ports[name] = known
        else:
            ports[name] = _another({*ports.values(), *remembered.values()})
    return ports


def _another(given: set[int]) -> int:
    for _ in range(_TRIES):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if port not in given and _is_free_with_its_side(port):
            return port
    raise AssertionError(f"no free port between {_LOWEST} and {_HIGHEST}")


def _is_free_with_its_side(port: int) -> bool:
    return is_free(port) and (port + BESIDE > 65_535 or is_free(port + BESIDE))
