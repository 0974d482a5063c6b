"""What the words of two names have to do with their similarity, in a sentence."""

from __future__ import annotations

import re

from logosim.domain.hit import Candidate
from logosim.phonetics import normalise
from logosim.phonetics.pair import WordPair, spelled_pair, spoken_pair
from logosim.search.rerank import NameKeys
from logosim.search.wording import degree, listed

_DISTINCTIVE = 0.5  # weight of a word that is called so
_SAME = 0.995  # similarity of words that are called the same
_LITTLE = 0.03  # excess that is not worth a word
_WORTH_NAMING = 0.4  # value of a channel below which no word is said to have decided anything
_VERBS = {"sound": "sound", "spelling": "are spelt"}
_CONTAINED = {"sound": "is heard", "spelling": "is contained"}
_WORD = re.compile(r"\w+")


def compared_words(channel: str, names: NameKeys, candidate: Candidate) -> WordPair | None:
    """The words of the query's name and of a candidate's, as the channel "sound" or "spelling" compares them."""
    one, other = names.normalised, candidate.normalised_text
    if channel == "sound":
        return spoken_pair(one, names.phonemes, other, candidate.phonemes, names.words)
    return spelled_pair(one, other, names.words)


def name_sentence(channel: str, value: float, text: str, names: NameKeys, candidate: Candidate) -> str:
    """Why the names are alike by so much: as a whole, or by a distinctive word."""
    earlier = candidate.text or ""
    whole = f"The names “{text}” and “{earlier}” {_VERBS[channel]} {degree(value)}"
    in_common = set((names.normalised or "").split()) & set((candidate.normalised_text or "").split())
    if value < _WORTH_NAMING and not in_common:  # most hits: no word to name, and none to work out
        return f"{whole}."
    pair = compared_words(channel, names, candidate)
    if pair is None:
        return f"{whole}."
    if pair.words_decide and value >= _WORTH_NAMING:
        return _by_word(channel, pair, text, earlier)
    shared = dict.fromkeys(word for word in pair.one if word in pair.other)
    generic = [word for word in shared if pair.weights[pair.one.index(word)] < max(pair.weights)]
    if pair.excess < _LITTLE or not generic:
        return f"{whole}."
    named = listed([f"“{_as_written(word, text)}”" for word in generic])
    return f"{whole}; {named}, which both have, {'distinguish' if len(generic) > 1 else 'distinguishes'} little."


def _by_word(channel: str, pair: WordPair, text: str, earlier: str) -> str:
    row, column = pair.closest
    one, other = _as_written(pair.one[row], text), _as_written(pair.other[column], earlier)
    distinctive = "distinctive " if min(pair.weights[row], pair.other_weights[column]) >= _DISTINCTIVE else ""
    similarity = float(pair.similarities[row, column])
    if similarity < _SAME:
        return f"The {distinctive}words “{one}” and “{other}” {_VERBS[channel]} {degree(similarity)}."
    if len(pair.other) == 1:
        return f"The {distinctive}word “{other}” of the earlier mark {_CONTAINED[channel]} in “{text}”."
    if len(pair.one) == 1:
        return f"The {distinctive}word “{one}” {_CONTAINED[channel]} in the earlier mark “{earlier}”."
    if channel == "sound":
        return f"The {distinctive}words “{one}” and “{other}” sound the same."
    return f"Both names have the {distinctive}word “{one}”."


def _as_written(word: str, text: str) -> str:
    """A word of a normalised name as the name itself writes it."""
    return next((found for found in _WORD.findall(text) if normalise(found) == word), word)
