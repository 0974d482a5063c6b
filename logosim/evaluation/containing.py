"""A truth of containing marks, made from the names of a register: somebody files an earlier mark with a word added.

Distinctive names of one word are the earlier marks. Each is asked for with one or two frequent words of the register
before or behind it, every second one with a letter of its own changed, and is to be found among the names of the
register. Made, not decided by an office: it measures whether an added word hides a mark, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from logosim.domain.words import WordCounts
from logosim.errors import RecordError
from logosim.evaluation.names import NameQuestion

FREQUENT = 200
"""So many words, the most frequent ones of three letters and more, are added to marks."""

SHORTEST = 5
"""Letters of an earlier mark at least: a letter changed in a shorter one leaves another word."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class ContainingTruth:
    """Questions and the names among which they are answered."""

    questions: tuple[NameQuestion, ...]
    names: tuple[str, ...]  # all different, the partners among them


def containing_truth(
    names: Sequence[str], normalise: Callable[[str], str | None], *, queries: int, among: int, seed: int = 1
) -> ContainingTruth:
    """Questions about a register.

    Args:
        names: the register.
        normalise: how names are written for comparison; None where nothing is left of one.
        queries: how many are asked at most.
        among: how many names they are answered among at most.
        seed: of the draws, which are the same for the same register.

    Raises:
        RecordError: the register has no distinctive name of one word, or no words to add.
    """
    written: dict[str, str] = {}  # normalised name -> the first that is written so
    for name in names:
        if key := normalise(name):
            written.setdefault(key, name)
    counts = WordCounts.of(written).marks
    frequent = sorted((word for word in counts if len(word) > 2), key=lambda word: (-counts[word], word))[:FREQUENT]
    earlier = [word for word in written if counts.get(word) == 1 and len(word) >= SHORTEST and word.isalpha()]
    if not earlier or not frequent:
        raise RecordError("the register has no name of one word that no other name has: there is nothing to find")
    draws = np.random.default_rng(seed)
    asked = [earlier[place] for place in draws.permutation(len(earlier))[:queries]]
    others = [key for key in written if key not in set(asked)]
    rest = [others[place] for place in draws.permutation(len(others))[: max(among - len(asked), 0)]]
    questions = []
    for number, word in enumerate(asked):
        added = [frequent[place] for place in draws.choice(len(frequent), int(draws.integers(1, 3)))]
        own = _changed(word, draws) if number % 2 else word
        query = " ".join([own, *added] if draws.random() < 0.5 else [*added, own])
        questions.append(NameQuestion(query.upper(), written[word]))
    return ContainingTruth(tuple(questions), tuple(written[key] for key in (*asked, *rest)))


def _changed(word: str, draws: np.random.Generator) -> str:
    """The word with one letter other than the first replaced by another."""
    place = int(draws.integers(1, len(word)))
    letters = _LETTERS.replace(word[place], "")
    return word[:place] + letters[int(draws.integers(len(letters)))] + word[place + 1 :]
