"""The word that somebody meant."""

from __future__ import annotations

from difflib import get_close_matches


def did_you_mean(word: str, known: list[str]) -> str:
    """`, did you mean "headers"?` or the list of what there is, to end a sentence about an unknown word."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f', did you mean "{close[0]}"?'
    return f"; known here: {', '.join(sorted(known))}" if known else ""
