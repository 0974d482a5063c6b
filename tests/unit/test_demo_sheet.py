from __future__ import annotations

import io
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from logosim.demo.corpus import build
from logosim.demo.fonts import FACES, load
from logosim.demo.query import variations
from logosim.demo.sheet import answer_sheet, caption, wrapped
from logosim.domain.hit import Answer, ChannelEvidence, Hit
from logosim.errors import PictureError
from logosim.imaging.decode import DecodeLimits


def hit(rank: int, location: str) -> Hit:
    return Hit(
        rank=rank,
        mark_id=uuid4(),
        score=1 / rank,
        risk="high",
        source="demo",
        file=f"{rank}.JPG",
        text=None if rank == 2 else f"Name {rank}",
        vienna_codes=(),
        year=None,
        picture_location=location,
        found_by=("look",),
        evidence=(
            ChannelEvidence("sound", 0.4, 1.0, 2.0, 0.2, "sounds alike"),
            ChannelEvidence("look", 0.8, 1.0, 2.0, 0.4, "looks alike"),
        ),
    )


def test_a_sheet_shows_the_query_and_every_hit(tmp_path: Path) -> None:
    corpus = build(tmp_path, limit=6)
    query = next(variations(corpus.marks, 1))
    places = [str(tmp_path / "images" / mark.picture_name) for mark in corpus.marks[:5]]
    hits = tuple(hit(rank, place) for rank, place in enumerate([*places, str(tmp_path / "gone.jpg")], start=1))
    answer = Answer(hits, "model", query.name, "exact", 6, None, True, {"total": 1.0})
    png = answer_sheet(query.picture, answer, limits=DecodeLimits(), note=", ".join(query.changes))
    sheet = Image.open(io.BytesIO(png)).convert("L")
    few = answer_sheet(query.picture, answer, limits=DecodeLimits(), most=4)
    assert Image.open(io.BytesIO(few)).height < sheet.height
    with pytest.raises(PictureError):
        answer_sheet(b"nothing", answer, limits=DecodeLimits())


def test_a_caption_gives_the_reasons_in_order_of_weight() -> None:
    font = load(FACES[0], 14)
    expected = ["1.  1.00  high", "Name 1", "+0.40 look: looks alike", "+0.20 sound: sounds alike"]
    assert caption(hit(1, ""), font, 400) == expected
    assert caption(hit(2, ""), font, 400)[1] == "2.JPG"


@given(text=st.text(), width=st.integers(40, 300))
def test_no_line_is_wider_than_it_may_be_and_no_word_is_lost(text: str, width: int) -> None:
    font = load(FACES[0], 14)
    lines = wrapped(text, font, width)
    assert all(font.getlength(line) <= width for line in lines)
    kept = [word for word in text.split() if font.getlength(word) <= width]
    shown = " ".join(lines).split()
    assert [word for word in shown if word in kept] == kept or any("…" in line for line in lines)
