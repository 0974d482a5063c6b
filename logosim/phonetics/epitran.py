"""The other pronunciation engine: Epitran (D. R. Mortensen, S. Dalmia, P. Littell, LREC 2018), from the extra.

Profile de is its mode deu-Latn, mistakes and all (1.35.3 reads gu as g: "gut" is kt). Profile ro is ita-Latn: of the
Romance modes it is the one that reads the letters of a foreign word plainly, where fra-Latn leaves vowels out ("Gucci":
ɡksi) and spa-Latn makes x of j and g. Profile en is our own rules: Epitran has English only through lex_lookup of
flite, a program outside Python that takes a process a word, and one engine would then say names differently on
machines that have it and that have not.

Epitran reads words of letters. What a name has besides is read by our rules, in the same surroundings as ever: spelled
letters (QLED), digits, the signs & + @, and letters that a mode does not have (š in German, x and y in Italian). Greek
and Cyrillic are transliterated first, as by `prepare`. What comes out is written in our segments by `segments_of`.
"""

from __future__ import annotations

import functools
import importlib
import logging
import re
from importlib import metadata, util
from typing import Any

from logosim.errors import DependencyMissing
from logosim.phonetics.ipa import segments_of
from logosim.phonetics.rules import PROFILES, Pronunciation
from logosim.phonetics.segments import SEGMENTS
from logosim.phonetics.transcribe import PROFILE_SEPARATOR, prepare, pronunciations

EDITION = 1
"""Raised whenever this module or `ipa` comes to say any name otherwise: databases are then to be pronounced anew."""

MODES = {"de": ("deu-Latn", "abcdefghijklmnopqrstuvwxyzäöüßé"), "ro": ("ita-Latn", "abcdefghijlmnopqrstuvzé")}
"""Epitran's mode for a profile, and the letters that it reads; all others are read by our rules."""

_REMEMBERED = 1 << 16  # words; names share many
_CONSONANTS = "".join(sound for sound, segment in SEGMENTS.items() if not segment.syllabic)
_LONG = re.compile(rf"([{_CONSONANTS}])\1+")


class EpitranTranscriber:
    """Pronounces by Epitran where it can without other programs, and by our rules elsewhere.

    Epitran is loaded at the first name, which takes about two seconds.
    """

    def __init__(self) -> None:
        """Raises DependencyMissing without the extra `epitran`."""
        try:
            found = util.find_spec("epitran")
            version = metadata.version("epitran")
        except (ValueError, metadata.PackageNotFoundError):
            found = None
        if found is None:
            raise DependencyMissing("Epitran is not installed.", hint="Run `pip install 'logosim[epitran]'`.")
        self.name = f"epitran {version}, edition {EDITION}"

    def phonemes(self, text: str) -> str | None:
        """IPA of `text` by profile, "en|de|ro", or None where nothing in it is pronounceable. Never raises."""
        prepared = prepare(text)
        if prepared is None:
            return None
        sounds = [" ".join(filter(None, map(read, _words(prepared)))) for read in self._readers]
        return PROFILE_SEPARATOR.join(sounds) if any(sounds) else None

    @functools.cached_property
    def _readers(self) -> tuple[Any, ...]:
        """Per profile, what turns a word as `prepare` writes it into segments."""
        readers = []
        for profile, rules in zip(PROFILES, pronunciations(), strict=True):
            mode = _load(MODES[profile][0]) if profile in MODES else None
            letters = MODES[profile][1] if profile in MODES else ""
            readers.append(functools.lru_cache(_REMEMBERED)(_Reader(rules, mode, letters).read))
        return tuple(readers)


class _Reader:
    """One profile: a mode of Epitran for the letters that it has, our rules for the rest, or for all without a mode."""

    def __init__(self, rules: Pronunciation, mode: Any, letters: str) -> None:
        self._rules = rules
        self._mode = mode
        self._pieces = re.compile(rf"([{letters}]+)|[^{letters}]+") if mode else None

    def read(self, word: str) -> str:
        prepared = f"_{word}___"
        if self._pieces is None or not word.isalpha():
            return self._by_rule(prepared, 1, len(word) + 1)
        sounds = "".join(
            segments_of(self._mode.transliterate(piece[0]))
            if piece[1]
            else self._by_rule(prepared, 1 + piece.start(), 1 + piece.end())
            for piece in self._pieces.finditer(word)
        )
        return _LONG.sub(r"\1", sounds)  # a doubled consonant is a long one, and length is not compared

    def _by_rule(self, prepared: str, start: int, end: int) -> str:
        return " ".join(self._rules.pronounce(prepared, start, end).split())


def _words(prepared: str) -> list[str]:
    return prepared.strip("_").split("_")


def _load(mode: str) -> Any:
    """One mode of Epitran. Its import sets up the root logger for the whole process, which is undone here."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    try:
        module = importlib.import_module("epitran.simple")
    except ImportError as error:
        raise DependencyMissing(
            f"Epitran cannot be loaded ({error}).", hint="Run `pip install 'logosim[epitran]'`."
        ) from error
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
    return module.SimpleEpitran(mode)
