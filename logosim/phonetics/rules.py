"""Pronunciation rules as data: what letters sound like in a profile, and in which surroundings.

A rule reads its grapheme where the characters around it are allowed. Rules of a profile are tried in the order of
their position and the first that fits wins; within one first letter, longer graphemes have the lower positions, so that
the longest match wins. `data/rules.csv` is read here and loaded into `logosim.phoneme_rule` for the same rules in SQL.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

PROFILES = ("en", "de", "ro")
"""English-, German- and Romance-like, in the order of their transcriptions."""

BOUNDARY = "_"
"""Stands between words, and before and after the whole name."""

SPELLED = "="
"""Stands before a letter that is called by its name."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table; an empty set of characters allows any."""

    profile: str
    position: int
    grapheme: str
    before: str
    after: str
    after_2: str
    after_3: str
    phonemes: str

    @property
    def pattern(self) -> str:
        """Regular expression that matches the grapheme in its surroundings."""
        left = f"(?<=[{re.escape(self.before)}])" if self.before else ""
        right = "".join(f"[{re.escape(one)}]" if one else "." for one in self._right())
        return f"{left}{re.escape(self.grapheme)}" + (f"(?={right})" if right else "")

    def _right(self) -> tuple[str, ...]:
        sets = (self.after, self.after_2, self.after_3)
        used = max((place + 1 for place, characters in enumerate(sets) if characters), default=0)
        return sets[:used]


def read_rules() -> tuple[Rule, ...]:
    """All rules of the packaged table, by profile and position."""
    table = resources.files("logosim.phonetics") / "data" / "rules.csv"
    with table.open(encoding="utf-8") as lines:
        rules = [
            Rule(
                profile=row["profile"],
                position=int(row["position"]),
                grapheme=row["grapheme"],
                before=row["before"],
                after=row["after"],
                after_2=row["after_2"],
                after_3=row["after_3"],
                phonemes=row["phonemes"],
            )
            for row in csv.DictReader(lines)
        ]
    return tuple(sorted(rules, key=lambda rule: (PROFILES.index(rule.profile), rule.position)))


class Pronunciation:
    """The rules of one profile, compiled: one expression per first letter, its group number names the rule."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        by_letter: dict[str, list[Rule]] = {}
        for rule in rules:
            by_letter.setdefault(rule.grapheme[0], []).append(rule)
        self._readers = {
            letter: (
                re.compile("|".join(f"{rule.pattern}()" for rule in group)).match,
                ("", *(rule.phonemes for rule in group)),
            )
            for letter, group in by_letter.items()
        }

    def pronounce(self, prepared: str, start: int, end: int) -> str:
        """Phonemes of `prepared[start:end]`; characters without a rule are silent, the surroundings are read too."""
        readers = self._readers
        sounds: list[str] = []
        at = start
        while at < end:
            reader = readers.get(prepared[at])
            found = reader[0](prepared, at) if reader else None
            if reader is None or found is None:
                at += 1
                continue
            sounds.append(reader[1][found.lastindex or 0])
            at = found.end()
        return "".join(sounds)
