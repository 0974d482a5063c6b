"""Judged candidates to learn from: of names that were decided about, and of codes of one and the same name."""

from __future__ import annotations

import functools
import gzip
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from logosim.cli.display import progress_bar
from logosim.domain.features import FloatArray
from logosim.domain.query import CHANNELS
from logosim.domain.vienna import canonical
from logosim.domain.words import WordCounts
from logosim.errors import RecordError, ViennaCodeError
from logosim.evaluation.calibrating import Judged, Values, joined, judged
from logosim.evaluation.names import MarkPair
from logosim.phonetics.names import sound_of_names, spelling_of_names
from logosim.phonetics.normalise import normalise
from logosim.phonetics.transcribe import phonemes
from logosim.search.vienna_overlap import vienna_similarities

FOUND = 200  # names of the register that are compared with each mark, by sound and as many by spelling
PAIRS_OF_CODES = 4000
SHORTEST = 5  # letters of a name by which two marks are taken for those of one owner


def judged_names(pairs: Sequence[MarkPair], register: Sequence[str], rng: np.random.Generator) -> Judged:
    """Each mark of a pair asks: its partner as it was decided, and what the register has near it as wrong.

    Names of the register that are equal to one of the pair are left out, as are pairs with a name in which there is
    nothing to compare.

    Raises:
        RecordError: no pair is left.
    """
    written = {name: text for name in dict.fromkeys(register) if (text := normalise(name))}
    counts = WordCounts.of(list(written.values()))
    names, texts = list(written), list(written.values())
    spoken = [phonemes(name) for name in names]
    parts = []
    with progress_bar("names") as bar:
        for number, pair in enumerate(bar.track(pairs, description="Names")):
            for asked, partner in ((pair.one, pair.other), (pair.other, pair.one)):
                query, other, spoken_query = normalise(asked), normalise(partner), phonemes(asked)
                if query is None or other is None or spoken_query is None:
                    continue
                compare = functools.partial(_compared, query, spoken_query, counts=counts)
                every = compare(texts, spoken)
                near = np.unique(np.argsort(-np.nan_to_num(every, nan=-1.0), axis=0)[:FOUND])
                near = near[[texts[place] not in (query, other) for place in near]]
                values = np.full((1 + len(near), len(CHANNELS)), np.nan)
                columns = [CHANNELS.index("sound"), CHANNELS.index("spelling")]
                values[0, columns] = compare([other], [phonemes(partner)])[0]
                values[1:, columns] = every[near]
                right = np.zeros(len(values), dtype=np.bool_)
                right[0] = pair.confusable
                parts.append(judged("names", values, right, number, rng))
    if not parts:
        raise RecordError("there is no pair of names that can be compared")
    return joined(parts)


def _compared(
    query: str, spoken: str, texts: Sequence[str], sounds: Sequence[str | None], *, counts: WordCounts
) -> FloatArray:
    """[N, 2]: how alike a name and others sound and are spelt."""
    return np.stack(
        [sound_of_names(query, spoken, texts, sounds, counts), spelling_of_names(query, texts, counts)], axis=1
    )


def judged_codes(register: Path, rng: np.random.Generator) -> Judged | None:
    """Marks of one name, mostly one owner's, against marks by chance; None where the register has no such marks.

    Only objects with the fields "text" and "vienna_codes" count. Raises RecordError: it cannot be read.
    """
    by_name: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for text, codes in _coded(register):
        name = normalise(text) or ""
        if len(name.replace(" ", "")) >= SHORTEST:
            by_name[name].append(codes)
    every = [codes for of in by_name.values() for codes in of]
    same = [(of[i], of[j]) for of in by_name.values() for i in range(len(of)) for j in range(i)]
    if not same:
        return None
    chosen = [same[place] for place in rng.permutation(len(same))[:PAIRS_OF_CODES]]
    chance = [(every[i], every[j]) for i, j in rng.integers(len(every), size=(10 * PAIRS_OF_CODES, 2)) if i != j]
    values: Values = np.full((len(chosen) + len(chance), len(CHANNELS)), np.nan)
    likeness: NDArray[np.float32] = np.concatenate(
        [vienna_similarities(one, [other]) for one, other in chosen + chance]
    )
    values[:, CHANNELS.index("vienna")] = likeness
    right = np.arange(len(values)) < len(chosen)
    return Judged("codes", values, right, np.arange(len(values), dtype=np.int64), np.ones(len(values)))


def _coded(register: Path) -> list[tuple[str, tuple[str, ...]]]:
    if ".jsonl" not in register.name:
        return []
    opened = gzip.open if register.suffix == ".gz" else open
    try:
        with opened(register, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines if line.strip()]
        return [
            (row["text"], tuple(canonical(code) for code in row["vienna_codes"]))
            for row in rows
            if row.get("text") and row.get("vienna_codes")
        ]
    except (OSError, EOFError, ValueError, TypeError, AttributeError, ViennaCodeError) as error:
        raise RecordError(f"cannot read the register {register}: {error}") from error
