"""Seal numbers (封签号): each used once, for ever (CUS-07)."""

from resolvers.deed import Deed
from storage.finds import Asked
from storage.writes import Insert


async def seal_is_known(deed: Deed, seal_no: str) -> bool:
    """Whether the seal was ever used."""
    return await deed.decision.exists(seal_asked(seal_no))


def seal_asked(seal_no: str) -> Asked:
    """Asks for the one record of a used seal."""
    return Asked(collection="seals", query={"_id": seal_no}, limit=1)


def use_seal(deed: Deed, seal_no: str, packet_no: str) -> None:
    """Uses a seal up; a second use of the number at the same time fails as a duplicate."""
    deed.decision.write(
        "seals", Insert({"_id": seal_no, "packet_no": packet_no, "used_at": deed.now})
    )
