"""Text for a terminal."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """Escapes what could drive a terminal or not be encoded: every control, format and surrogate
    character but the line break and tab. Messages come from models, people and databases."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") else ascii(c)[1:-1] for c in text
    )
