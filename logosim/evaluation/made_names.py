"""More names than a register has, made of what it has, to measure searches at size.

Each is made after a name of the register, word by word: a word that three names or more have is replaced by one of
these, as often as it occurs; a rarer one by another rare word, or, four times in five, by a new one of the same letters
one after the other (a Markov chain of order 3). From 17,561 names of a register 770,000 come to 400,000 words, where
the growth of its own vocabulary (Heaps' law, exponent 0.83) leads to 420,000 to 510,000.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

FREQUENT = 3
"""Names that have a word from which on it is a frequent one."""

_NEW = 0.8
_ORDER = 3
_LONGEST_WORD, _MOST_WORDS = 16, 12
_BEFORE, _END = "^", "$"


def made_names(names: Sequence[str], count: int, seed: int = 0) -> Iterator[str]:
    """Names like those of a register, the same for the same arguments.

    Args:
        names: normalised names of the register, at least one.
        count: how many are made.
        seed: of the draws.
    """
    rng = random.Random(seed)  # noqa: S311 - names to measure with
    counts = Counter(word for name in names for word in set(name.split()))
    frequent = [word for word, times in counts.items() if times >= FREQUENT]
    bounds = list(accumulate(counts[word] for word in frequent))
    rare = [word for word, times in counts.items() if times < FREQUENT]
    new_word = _words_like([word for word in rare if word.isalpha() and len(word) >= _ORDER], rng)
    for _ in range(count):
        words = []
        for word in rng.choice(names).split()[:_MOST_WORDS]:
            if counts[word] >= FREQUENT:
                words.append(rng.choices(frequent, cum_weights=bounds)[0])
            else:
                words.append(new_word() if new_word and rng.random() < _NEW else rng.choice(rare))
        yield " ".join(words).upper()


def _words_like(words: Sequence[str], rng: random.Random) -> Callable[[], str] | None:
    """What makes a word of letters that follow one another as in `words`; None where there are none."""
    if not words:
        return None
    following: dict[str, list[str]] = defaultdict(list)
    for word in words:
        letters = _BEFORE * _ORDER + word + _END
        for place in range(_ORDER, len(letters)):
            following[letters[place - _ORDER : place]].append(letters[place])

    def made() -> str:
        letters = _BEFORE * _ORDER
        while not letters.endswith(_END) and len(letters) < _ORDER + _LONGEST_WORD:
            letters += rng.choice(following[letters[-_ORDER:]])
        return letters[_ORDER:].removesuffix(_END)

    return made
