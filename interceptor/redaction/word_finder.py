"""Finds any of many words in a text at once."""

from __future__ import annotations

from collections.abc import Iterable

from ahocorasick_rs import AhoCorasick


class WordFinder:
    """Some words to be found; the text may hold half a character, which JSON can express and UTF-8 cannot."""

    def __init__(self, words: Iterable[str]) -> None:
        self._automaton = AhoCorasick(words)

    def are_in(self, text: str) -> bool:
        """Whether any of the words is in a text."""
        try:
            return bool(self._automaton.find_matches_as_indexes(text))
        except UnicodeEncodeError:
            return bool(self._automaton.find_matches_as_indexes(_whole(text)))

    def found(self, text: str) -> set[int]:
        """The numbers of the words that are in a text, from 0."""
        try:
            return {index for index, _, _ in self._automaton.find_matches_as_indexes(text, overlapping=True)}
        except UnicodeEncodeError:
            return {index for index, _, _ in self._automaton.find_matches_as_indexes(_whole(text), overlapping=True)}


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
