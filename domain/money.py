"""Money (金额): whole fen (分) inside, a decimal string of yuan (元) outside; never a float."""

import re

FEN_PER_YUAN = 100
MAX_FEN = 9_000_000_000_000_000  # ninety trillion yuan: beyond any book, inside a 64-bit integer
_YUAN = re.compile(r"-?(0|[1-9]\d{0,13})(\.\d{1,2})?", re.ASCII)


def fen(text: str) -> int:
    """Fen of a decimal string such as "1234.5". Raises: ValueError."""
    if not _YUAN.fullmatch(text):
        raise ValueError("an amount is a decimal string with at most two places, like 1234.50")
    whole, _, part = text.lstrip("-").partition(".")
    amount = int(whole) * FEN_PER_YUAN + int(part.ljust(2, "0") or 0)
    if amount > MAX_FEN:
        raise ValueError("an amount is at most 90 trillion yuan")
    return -amount if text.startswith("-") else amount


def yuan(amount: int) -> str:
    """The decimal string of an amount in fen, always with two places."""
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), FEN_PER_YUAN)
    return f"{sign}{whole}.{part:02d}"
