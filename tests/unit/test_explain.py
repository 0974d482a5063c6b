"""Hits and their sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest

from logosim.domain.features import Features, FigureFeatures, PatchArray
from logosim.domain.hit import Candidate, Hit
from logosim.domain.query import Query
from logosim.domain.rectangle import Rectangle
from logosim.domain.words import WordCounts
from logosim.search.calibration import packaged_calibrations
from logosim.search.explain import explain
from logosim.search.pipeline import name_keys
from logosim.search.rerank import rerank
from logosim.search.risk import HIGH, IDENTICAL, LEAST_IDENTICAL, MEDIUM, risk
from logosim.search.score import PRIOR

PATCHES = np.random.default_rng(0).integers(-40, 40, (7, 7, 64)).astype(np.int8)
OTHER = np.random.default_rng(1).integers(-40, 40, (7, 7, 64)).astype(np.int8)
SEEN = Features(np.eye(256, dtype=np.float32)[0], PATCHES, None, 256, 256, "0" * 64)

CALIBRATION = packaged_calibrations().of(None)


def hit(query: Query, *, patches: PatchArray | None = None, **changes: object) -> Hit:
    fields: dict[str, object] = {
        "mark_id": UUID(int=1), "source": "test", "file": "a.png", "text": None, "normalised_text": None,
        "phonemes": None, "vienna_codes": (), "year": None, "picture_location": "/a.png", "channels": ("look",),
        "cosine": None, "blank": None if patches is None else not patches.any(),
    }  # fmt: skip
    if isinstance(text := changes.get("text"), str):
        fields |= {"normalised_text": name_keys(text).normalised, "phonemes": name_keys(text).phonemes}
    earlier = Candidate(**(fields | changes))  # type: ignore[arg-type]
    (only,) = explain(
        query, rerank(query, name_keys(query.text), [earlier], lambda _: np.stack([patches]), CALIBRATION)
    )  # type: ignore[list-item]
    return only


def no_patches(mark_ids: Sequence[UUID]) -> PatchArray:
    raise AssertionError("nobody has looked at these marks")


def sentences(found: Hit) -> dict[str, str]:
    return {item.channel: item.sentence for item in found.evidence}


def test_every_channel_that_was_compared_has_a_sentence() -> None:
    query = Query(SEEN, "Fildor", ("03.07.01", "26.04"))
    found = hit(query, text="FILDOR", vienna_codes=("03.07.01", "26.04"), cosine=1.0, patches=PATCHES)
    assert sentences(found) == {
        "look": "As a whole, the pictures look the same.",
        "shape": "49 of the figure's 49 parts appear in the earlier mark in the same place and size.",
        "sound": "The names “Fildor” and “FILDOR” sound the same.",
        "spelling": "The names “Fildor” and “FILDOR” are spelt the same.",
        "vienna": "Both marks carry the Vienna codes 03.07.01 and 26.04.",
    }
    assert found.risk == "identical"
    assert found.score == pytest.approx(sum(item.contribution for item in found.evidence), abs=1e-6)
    assert all(item.weight == 1 for item in found.evidence)
    log_odds = PRIOR + sum(item.evidence for item in found.evidence)
    assert found.score == pytest.approx(1 / (1 + np.exp(-log_odds)))


REGISTER = WordCounts(20_000, {"hotel": 200, "golden": 15, "stork": 1})


def of_names(one: str, other: str) -> dict[str, str]:
    names = name_keys(other)
    earlier = Candidate(
        UUID(int=1), "t", "a", other, names.normalised, names.phonemes, (), None, "/", ("sound",), None, None
    )
    query = Query(text=one)
    (found,) = explain(query, rerank(query, name_keys(one, words=REGISTER), [earlier], no_patches, CALIBRATION))
    return sentences(found)


def test_a_contained_mark_is_named() -> None:
    assert of_names("GOLDEN STORK", "Störk") == {
        "sound": "The distinctive words “STORK” and “Störk” sound almost the same.",
        "spelling": "The distinctive word “Störk” of the earlier mark is contained in “GOLDEN STORK”.",
    }
    assert of_names("Stork", "GOLDEN STORK") == {
        "sound": "The distinctive word “Stork” is heard in the earlier mark “GOLDEN STORK”.",
        "spelling": "The distinctive word “Stork” is contained in the earlier mark “GOLDEN STORK”.",
    }
    assert of_names("Fildor Gin", "Hotel Fildor")["spelling"] == "Both names have the distinctive word “Fildor”."
    assert of_names("AVEDA", "DABUR UVEDA") == {
        "sound": "The distinctive words “AVEDA” and “UVEDA” sound almost the same.",
        "spelling": "The distinctive words “AVEDA” and “UVEDA” are spelt somewhat alike.",
    }


def test_a_shared_word_that_distinguishes_little_is_named() -> None:
    assert of_names("Hotel Fildor", "HOTEL MIRANO")["spelling"] == (
        "The names “Hotel Fildor” and “HOTEL MIRANO” are spelt little alike; “Hotel”, which both have, "
        "distinguishes little."
    )


def test_a_mirrored_figure_is_called_mirrored() -> None:
    found = hit(Query(SEEN), cosine=0.5, patches=PATCHES[:, ::-1])
    assert sentences(found) == {
        "look": "As a whole, the pictures look somewhat alike.",
        "shape": "49 of the figure's 49 parts appear in the earlier mark at the same size, mirrored.",
    }


def test_of_a_figure_that_stands_apart_no_place_in_the_picture_is_said() -> None:
    seen = replace(SEEN, patches=OTHER, figures=(FigureFeatures(Rectangle(0, 0, 9, 9), SEEN.embedding, PATCHES),))
    found = hit(Query(seen), cosine=0.1, figure_cosines=(1.0,), patches=PATCHES)
    assert sentences(found)["shape"] == "49 of the 49 parts of the figure that stands apart appear in the earlier mark."
    found = hit(Query(seen), cosine=0.1, figure_cosines=(1.0,), patches=PATCHES[:, ::-1])
    assert sentences(found)["shape"].endswith(" appear in the earlier mark, mirrored.")


def test_a_moved_figure_is_said_to_have_moved() -> None:
    moved = np.zeros_like(PATCHES)
    moved[2:, :-1] = PATCHES[:-2, 1:]
    assert sentences(hit(Query(SEEN), patches=moved))["shape"] == (
        "30 of the figure's 49 parts appear in the earlier mark at the same size, moved 2 cells down and 1 cell left."
    )


def test_nothing_in_common_is_said_plainly() -> None:
    lonely = np.zeros_like(PATCHES)
    lonely[0, 0] = -PATCHES.reshape(49, 64).astype(int).sum(0).clip(-9, 9)
    other = np.where(PATCHES[0, 0] > 0, -50, 50).astype(np.int8)
    query = Query(
        Features(
            SEEN.embedding, np.where(np.arange(49).reshape(7, 7, 1) == 0, PATCHES, 0).astype(np.int8), None, 9, 9, "0"
        ),
        None,
        ("03.07",),
    )
    lonely[0, 0] = other
    assert sentences(hit(query, cosine=0.0, patches=lonely, vienna_codes=("05.03",))) == {
        "look": "As a whole, the pictures look quite different.",
        "shape": "No part of the figure appears in the earlier mark.",
        "vienna": "The marks share no Vienna code.",
    }


def test_only_as_many_hits_as_asked_ranked_from_one() -> None:
    query = Query(text="Fildor", k=2)
    names = name_keys("Fildor")
    earlier = [
        Candidate(
            UUID(int=n), "t", f"{n}", "Fildor", names.normalised, names.phonemes, (), None, "/", ("sound",), None, None
        )
        for n in range(4)
    ]
    hits = explain(query, rerank(query, names, earlier, no_patches, CALIBRATION))
    assert [(found.rank, found.mark_id.int) for found in hits] == [(1, 0), (2, 1)]


@pytest.mark.parametrize(
    ("score", "values", "word"),
    [
        (0.999, [1.0, 1.0], "identical"),
        (0.999, [1.0, IDENTICAL - 0.1], "high"),
        (0.999, [1.0, 2 * IDENTICAL - 1], "identical"),
        (0.999, [1.0, 1.0, 1.0, 1.0, LEAST_IDENTICAL - 0.01], "high"),  # such as one letter more
        (HIGH, [0.5], "high"),
        (HIGH - 0.01, [1.0], "medium"),  # the same in what says little, such as codes alone
        (MEDIUM, [0.5], "medium"),
        (MEDIUM - 0.01, [0.5], "low"),
        (0, [0.0], "low"),
    ],
)
def test_risk_bands(score: float, values: list[float], word: str) -> None:
    assert risk(score, values) == word
