"""Seal numbers (封签号): each used once, for ever (CUS-07)."""

from resolvers.mutation import Deed
from storage.writes import Insert


async def seal_is_known(deed: Deed, seal_no: str) -> bool:
    """Whether the seal was ever used."""
    return await deed.decision.exists("seals", {"_id": seal_no})


def use_seal(deed: Deed, seal_no: str, packet_no: str) -> None:
    """Uses a seal up; a second use of the number at the same time fails as a duplicate."""
    deed.decision.write(
        "seals", Insert({"_id": seal_no, "packet_no": packet_no, "used_at": deed.now})
    )
