"""Why marks are alike, in SQL against the program: the same sentences and the same numbers."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest

from logosim.domain.asked import AskedPicture
from logosim.domain.hit import ChannelEvidence
from logosim.domain.mark import mark_id
from logosim.domain.query import CHANNELS, Weights
from logosim.errors import FilterError, NothingToCompare
from logosim.search.comparison import Comparison

from .judged_marks import MARKS, QUESTIONS, kept, searched, whole_of

EXPLAIN = b"""
select *
  from logosim.explain(
         %(asked)s
       , %(other)s
       , look_weight => %(look)s
       , shape_weight => %(shape)s
       , sound_weight => %(sound)s
       , spelling_weight => %(spelling)s
       , vienna_weight => %(vienna)s)
"""


def explained(
    analyst: psycopg.Connection[dict[str, Any]], asked: UUID, other: UUID, weights: Weights
) -> list[dict[str, Any]]:
    return analyst.execute(EXPLAIN, {"asked": asked, "other": other, **dataclasses.asdict(weights)}).fetchall()


def says_the_same(rows: list[dict[str, Any]], found: Any) -> None:
    evidence: dict[str, ChannelEvidence] = {item.channel: item for item in found.evidence}
    absent = {item.channel: item.reason for item in found.absent}
    assert [row["channel"] for row in rows] == list(CHANNELS)
    for row in rows:
        assert row["region"] == found.region
        if row["channel"] in absent:
            assert (row["value"], row["evidence"], row["contribution"]) == (None, None, None)
            assert row["sentence"] == absent[row["channel"]]
            continue
        item = evidence[row["channel"]]
        assert row["sentence"] == item.sentence
        assert row["value"] == pytest.approx(item.value, abs=1e-6)
        assert (row["weight"], row["evidence"], row["contribution"]) == (
            item.weight, pytest.approx(item.evidence, abs=1e-9), pytest.approx(item.contribution, abs=1e-9)
        )  # fmt: skip


def test_marks_are_explained_as_by_the_program(
    analyst: psycopg.Connection[dict[str, Any]], comparison: Comparison
) -> None:
    draws = np.random.default_rng(8)
    sentences = set()
    refusals = []
    for weights in (Weights(), Weights(look=2, shape=0.5, vienna=0)):
        for _ in range(60):
            one, other = (mark_id("t", str(number)) for number in draws.integers(0, MARKS, 2))
            try:
                found = comparison.of_marks(one, other, weights=weights, places=False).explanation
            except (NothingToCompare, FilterError) as refusal:
                with pytest.raises(psycopg.Error) as raised:
                    explained(analyst, one, other, weights)
                assert raised.value.sqlstate == "LS006"
                reasons = raised.value.diag.message_hint or ""
                refusals.append((refusal, reasons))
                continue
            rows = explained(analyst, one, other, weights)
            says_the_same(rows, found)
            sentences |= {row["sentence"].split("“")[0] for row in rows}
    assert len(sentences) > 40, "of many kinds"
    assert refusals
    assert all(reasons in str(error) for error, reasons in refusals if isinstance(error, NothingToCompare))


@pytest.mark.parametrize("in_regions", [False, True])
def test_a_picture_is_explained_as_by_the_program(
    analyst: psycopg.Connection[dict[str, Any]],
    comparison: Comparison,
    judged_url: str,
    picture: AskedPicture,
    in_regions: bool,
) -> None:
    handle = kept(judged_url, picture if in_regions else whole_of(picture))
    regions = set()
    for number in range(7, MARKS, 7):
        other = mark_id("t", str(number))
        found = comparison.of_handle(handle, other, places=False).explanation
        says_the_same(explained(analyst, handle, other, Weights()), found)
        regions.add(found.region)
    assert regions == ({1, 2} if in_regions else {None})


def test_what_is_explained_is_what_was_found(analyst: psycopg.Connection[dict[str, Any]]) -> None:
    asked = mark_id("t", "1")
    for row in searched(analyst, asked, QUESTIONS["plain"])[:5]:
        channels = {item["channel"]: item for item in explained(analyst, asked, row["mark_id"], Weights())}
        assert {channel: item["value"] for channel, item in channels.items()} == {
            channel: row[channel] for channel in CHANNELS
        }
        assert sum(item["contribution"] or 0 for item in channels.values()) == pytest.approx(row["score"])
