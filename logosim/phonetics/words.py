"""How alike two names are, word by word, where a distinctive word says more than a generic one.

Whole names mislead in two ways. A mark that is contained in another (STORK in GOLDEN STORK) is far from it by all the
letters it has not, and two names that share a generic word (HOTEL FILDOR, HOTEL MIRANO) are near by letters that
distinguish nothing. So the similarity of two names is

    max(whole - excess, words)

with two terms that come from the words. Every word of each name meets the word of the other that it is most like:
s in 0..1, by the measure of the channel. With the weight w of a word (see `weights`) and its number of letters l, for
either name

    met        t = max(s min(1, w'/w))        of all words of the other, with their weight w'
    covered    C = sum(w^2 t) / sum(w^2)      share of what is distinctive in the name that the other has
    contained  K = sum(w^2 t^2) / sum(w^2)    the same, counting only what is nearly equal
    own        D = max(w)                     how distinctive the name is
    letters    U = sum(l s) / sum(l)          share of its letters that the other has
    weighed    V = sum(l w^2 s) / sum(l w^2)  the same, each letter as distinctive as its word

    words  = (max(D1 K1, D2 K2) + min(D1, D2) sqrt(C1 C2)) / 2
    excess = (max(U1 - V1, 0) + max(U2 - V2, 0)) / 2

`words`: a distinctive word that meets a generic one (GLOBALIA, GLOBAL) has met only as much as that weighs. sqrt(C1 C2)
is the cosine of the two names as vectors of weighted words, for words that are equal or not alike at all. The other
half is containment: the name that is found in the other counts alone, for a mark that stands whole in another one is a
conflict. Its similarities are squared, because half of a word is not contained: without it every long name would hold a
word somewhat like the mark. Both halves count as far as the names are distinctive, for what two names have in common is
no more distinctive than either of them: a mark HOTEL is no conflict with every HOTEL. A containing mark is therefore
near, and never as near as the same.

`excess`: the whole-name similarity counts letters, whatever they say. What it owes to generic words is how much more is
shared of the letters as such than of the letters weighed, and that is taken off. Nothing is taken off where the words
are equally distinctive, nor of equal names. The whole similarity stays in it because it alone sees names that are
divided otherwise (ECOFORCE, ECO FORTE). For two names of one word each nothing changes: `words` is then never above
`whole`.

`words` grows with every s and falls with every count of a shared word. It is a matter of two or three aggregates over
words and their weights, so that SQL can repeat it.

Source: SoftTFIDF of W. Cohen, P. Ravikumar and S. Fienberg (2003), the cosine of TF-IDF vectors whose words meet their
nearest instead of their equal, by the product of both weights. Deviations: the nearest is taken from either side and
the two are joined by their geometric mean, so that the measure is symmetric; no threshold below which words do not
meet, for a step would part names that are nearly alike; a word counts as often as it stands in the name; and
containment and excess, which are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from logosim.domain.words import WordCounts
from logosim.phonetics.weights import word_weights

Scores = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class NameWords:
    """The words of N names one after the other, T in all, with what they weigh."""

    unique: tuple[str, ...]  # U different words, in order of their first appearance
    which: Places  # [T], place in `unique`
    starts: Places  # [N], place in `which` where a name begins; every name has a word
    weights: Scores  # [T]
    letters: Scores  # [T]

    @classmethod
    def of(cls, names: Sequence[str], counts: WordCounts) -> NameWords:
        """Of normalised names, none of them empty."""
        words = [name.split() for name in names]
        places: dict[str, int] = {}
        which = np.array([places.setdefault(word, len(places)) for each in words for word in each], dtype=np.intp)
        lengths = np.array([len(each) for each in words], dtype=np.intp)
        unique = tuple(places)
        letters = np.array([len(word) for word in unique], dtype=np.float64)
        starts = np.cumsum(lengths) - lengths
        return cls(unique, which, starts, word_weights(unique, counts)[which], letters[which])


@dataclass(frozen=True, slots=True, eq=False)
class WordScores:
    """What the words say of one name and each of N others."""

    words: Scores  # [N], 0..1, similarity by words
    excess: Scores  # [N], 0..1, what the whole-name similarity owes to generic words


def by_words(query: NameWords, names: NameWords, similarities: Scores) -> WordScores:
    """Compare the words of one name with those of others.

    Args:
        query: one name of M words.
        names: N names of T words.
        similarities: float64 [M, T], 0..1, of each word of the query and each of the names.
    """
    asked = np.maximum.reduceat(similarities, names.starts, axis=1)  # [M, N], of each word of the query
    given = similarities.max(axis=0)  # [T], of each word of the names
    ratio = names.weights / query.weights[:, None]
    asked_met = np.maximum.reduceat(similarities * np.minimum(ratio, 1), names.starts, axis=1)
    given_met = (similarities / np.maximum(ratio, 1)).max(axis=0)
    mass, masses = query.weights**2, names.weights**2

    def share(of: Scores, by: Scores) -> Scores:
        return np.add.reduceat(by * of, names.starts) / np.add.reduceat(by, names.starts)

    covered, names_covered = mass @ asked_met / mass.sum(), share(given_met, masses)
    contained, names_contained = mass @ asked_met**2 / mass.sum(), share(given_met**2, masses)
    letters, names_letters = query.letters @ asked / query.letters.sum(), share(given, names.letters)
    heavy, heavies = query.letters * mass, names.letters * masses
    weighed, names_weighed = heavy @ asked / heavy.sum(), share(given, heavies)
    own, names_own = query.weights.max(), np.maximum.reduceat(names.weights, names.starts)
    cosine = np.sqrt(covered * names_covered)
    words = (np.maximum(own * contained, names_own * names_contained) + np.minimum(own, names_own) * cosine) / 2
    excess = (np.maximum(letters - weighed, 0) + np.maximum(names_letters - names_weighed, 0)) / 2
    return WordScores(words=np.clip(words, 0, 1), excess=np.clip(excess, 0, 1))
