"""Re-ranking: channels, absent ones, order, and that stopping early changes no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logosim.domain.features import Features, FigureFeatures, PatchArray
from logosim.domain.hit import Candidate
from logosim.domain.query import CHANNELS, Query, Weights
from logosim.domain.rectangle import Rectangle
from logosim.search.calibration import packaged_calibrations
from logosim.search.explain import explain
from logosim.search.pipeline import name_keys
from logosim.search.rerank import PART, Ranking, rerank
from logosim.search.score import PRIOR, probability
from logosim.search.vienna_overlap import shared_codes, vienna_similarities

CALIBRATION = packaged_calibrations().of(None)
FIGURES: dict[UUID, PatchArray | None] = {}  # of the candidates drawn last


def patches(seed: int) -> PatchArray:
    return np.random.default_rng(seed).integers(-40, 40, (7, 7, 64)).astype(np.int8)


def features(seed: int) -> Features:
    return Features(np.eye(256, dtype=np.float32)[0], patches(seed), None, 256, 256, "0" * 64)


def candidate(
    number: int,
    *,
    text: str | None = None,
    codes: tuple[str, ...] = (),
    cosine: float | None = None,
    figure: PatchArray | None = None,
) -> Candidate:
    names = name_keys(text)
    FIGURES[UUID(int=number)] = figure
    return Candidate(
        UUID(int=number), "test", f"{number}.png", text, names.normalised, names.phonemes, codes, 2010,
        f"/{number}.png", ("look",), cosine, None if figure is None else not figure.any(),
    )  # fmt: skip


def fetched(mark_ids: Sequence[UUID]) -> PatchArray:
    figures = [FIGURES[mark_id] for mark_id in mark_ids]
    assert all(figure is not None and figure.any() for figure in figures)
    return np.stack(figures)  # type: ignore[arg-type]


def ranked(query: Query, candidates: list[Candidate]) -> Ranking:
    return rerank(query, name_keys(query.text), candidates, fetched, CALIBRATION)


def value(ranking: Ranking, channel: str, place: int = 0) -> float:
    return float(ranking.values[place, CHANNELS.index(channel)])


def score(ranking: Ranking, place: int) -> float:
    return float(probability(PRIOR + ranking.total[place]))


def test_the_same_mark_comes_first() -> None:
    seen = features(1)
    same = candidate(9, text="Fildor", codes=("03.07.01", "26.04"), cosine=1.0, figure=seen.patches)
    others = [
        candidate(1, text="Fildor", codes=("03.07.01",), cosine=0.99, figure=seen.patches),
        candidate(2, text="Fildar", codes=("03.07.01", "26.04"), cosine=1.0, figure=seen.patches),
        candidate(3, text="Fildor", codes=("03.07.01", "26.04"), cosine=1.0, figure=patches(2)),
    ]
    ranking = ranked(Query(seen, "FILDOR", ("03.07.01", "26.04")), [*others, same])
    assert ranking.order[0] == 3
    assert score(ranking, 3) > 0.99


def test_what_is_absent_says_nothing() -> None:
    seen = features(1)
    silent = candidate(1, cosine=0.8, figure=seen.patches)
    named = candidate(2, text="Zuka", cosine=0.8, figure=seen.patches)
    ranking = ranked(Query(seen, "Fildor"), [silent, named])
    assert np.isnan([value(ranking, channel) for channel in ("sound", "spelling", "vienna")]).all()
    assert ranking.evidence[0, 2:].tolist() == [0, 0, 0]
    assert ranking.order == (0, 1)  # another name speaks against a confusion, no name does not


def test_an_identical_name_is_a_high_risk_whatever_the_picture_and_an_identical_picture_whatever_the_name() -> None:
    seen = features(1)
    same_name = candidate(1, text="Fildor", cosine=0.2, figure=patches(2))
    same_picture = candidate(2, text="Zuka", cosine=1.0, figure=seen.patches)
    neither = candidate(3, text="Zuka", cosine=0.2, figure=patches(2))
    query = Query(seen, "Fildor")
    risks = {hit.mark_id.int: hit.risk for hit in explain(query, ranked(query, [same_name, same_picture, neither]))}
    assert risks == {1: "high", 2: "high", 3: "low"}


def test_weights_multiply_the_evidence() -> None:
    seen = features(1)
    earlier = [candidate(1, text="Fildar", cosine=0.6, figure=patches(2))]
    usual = ranked(Query(seen, "Fildor"), earlier)
    other = ranked(Query(seen, "Fildor", weights=Weights(look=2, shape=0, sound=0.5)), earlier)
    assert other.evidence[0].tolist() == pytest.approx((usual.evidence[0] * [2, 0, 0.5, 1, 1]).tolist())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.booleans())
def test_stopping_early_changes_no_answer(seed: int, k: int, ties: bool) -> None:
    """The first k of a ranking that stops early are those of one that judges every candidate by every channel."""
    rng = np.random.default_rng(seed)
    seen = features(1)
    cosines = rng.beta(1, 6, 400).round(2 if ties else 8)
    figures = [
        seen.patches if draw < 0.02 else patches(int(draw * 20)) if draw < 0.9 else None for draw in rng.random(400)
    ]
    earlier = [
        candidate(int(number), text=text, cosine=float(cosine), figure=figure)
        for number, text, cosine, figure in zip(
            rng.permutation(400), rng.choice(["Fildor", "Phildar", "Zuka", None], 400), cosines, figures, strict=True
        )
    ]
    weights = Weights(look=2.0, shape=float(rng.choice([0.0, 0.3, 1.0])))
    query = Query(seen, "Fildor", weights=weights, k=k)
    early, full = ranked(query, earlier), ranked(replace(query, k=400), earlier)
    assert early.order == full.order[:k]
    places = list(early.order)
    assert np.array_equal(early.values[places], full.values[places], equal_nan=True)
    assert early.total[places].tolist() == full.total[places].tolist()


def test_what_no_weighted_channel_judges_does_not_keep_a_hit_from_being_compared() -> None:
    """Marks without a name say nothing about a name; those whose name speaks against it come behind that nothing."""
    seen = features(1)
    silent = [candidate(number, cosine=0.5, figure=patches(number)) for number in range(256)]
    other = candidate(999, text="Zuka", cosine=0.5, figure=seen.patches)
    by_name = Query(seen, "Fildor", weights=Weights(look=0, shape=0, vienna=0), k=1)
    ranking = ranked(by_name, [*silent, other])
    assert ranking.order == (256,)
    assert ranking.total[256] < 0, "or the silent ones stand behind it"
    assert value(ranking, "shape", 256) == 1


def test_patches_are_matched_only_where_they_can_matter() -> None:
    seen = features(1)
    near = [candidate(number, cosine=1.0, figure=patches(number)) for number in range(20)]
    far = [candidate(number, cosine=0.0, figure=patches(number)) for number in range(20, 1000)]
    assert len(ranked(Query(seen, k=20), near + far).figures) < 300
    assert len(ranked(Query(seen, k=1000), near + far).figures) == 1000


def test_pictures_without_a_figure_have_no_look() -> None:
    blank = np.zeros((7, 7, 64), np.int8)
    word_mark = candidate(1, text="Other", cosine=1.0, figure=blank)
    for seen in (features(1), replace(features(1), patches=blank)):
        ranking = ranked(Query(seen, "Fildor"), [word_mark])
        assert np.isnan([value(ranking, "look"), value(ranking, "shape")]).all()
        assert value(ranking, "spelling") < 0.5


def test_a_figure_of_the_query_may_be_what_a_mark_looks_like() -> None:
    """The figure's cosine counts in part, and its patches are those that are matched."""
    figure = FigureFeatures(Rectangle(0, 0, 9, 9), np.eye(256, dtype=np.float32)[1], patches(7))
    seen = replace(features(1), figures=(figure,))
    whole = replace(candidate(1, cosine=0.9, figure=seen.patches), figure_cosines=(0.95,))
    part = replace(candidate(2, cosine=0.2, figure=figure.patches), figure_cosines=(1.0,))
    ranking = ranked(Query(seen), [whole, part])
    assert ranking.views.tolist() == [0, 1]
    assert [value(ranking, "look", place) for place in (0, 1)] == pytest.approx([0.9, PART])
    assert [value(ranking, "shape", place) for place in (0, 1)] == pytest.approx([1, 1])
    assert {place: match.view for place, match in ranking.figures.items()} == {0: 0, 1: 1}
    hits = {hit.mark_id.int: hit for hit in explain(Query(seen), ranking)}
    assert hits[2].evidence[0].sentence == (
        "A part of the picture that stands apart in it and the whole earlier mark look the same."
    )


def test_a_negative_cosine_counts_as_nothing_alike() -> None:
    assert value(ranked(Query(features(1)), [candidate(1, cosine=-0.4, figure=patches(2))]), "look") == 0


def test_a_figure_that_is_not_like_a_mark_either_does_not_stand_for_the_picture() -> None:
    figure = FigureFeatures(Rectangle(0, 0, 9, 9), np.eye(256, dtype=np.float32)[1], patches(7))
    earlier = replace(candidate(1, cosine=-0.2, figure=patches(2)), figure_cosines=(-0.2,))
    ranking = ranked(Query(replace(features(1), figures=(figure,))), [earlier])
    assert ranking.views.tolist() == [0]
    assert value(ranking, "look") == 0


def test_equal_scores_stand_in_the_order_of_their_ids() -> None:
    twins = [candidate(number, text="Fildor") for number in (5, 2, 9)]
    assert ranked(Query(text="Fildor"), twins).order == (1, 0, 2)


def test_marks_of_which_nothing_can_be_said_are_no_hits() -> None:
    assert ranked(Query(text="Fildor"), [candidate(1, cosine=0.9), candidate(2, text="Fildor")]).order == (1,)
    only_codes = Weights(look=0, shape=0, sound=0, spelling=0, vienna=1)
    assert ranked(Query(text="Fildor", weights=only_codes), [candidate(1, text="Fildor")]).order == ()
    assert ranked(Query(text="Fildor"), []).order == ()


def test_a_text_without_letters_has_no_name_channels() -> None:
    ranking = ranked(Query(features(1), "★ ♥"), [candidate(1, text="Fildor", cosine=0.5, figure=patches(1))])
    assert np.isnan([value(ranking, "sound"), value(ranking, "spelling")]).all()


def test_vienna_overlap_by_hand() -> None:
    query = ("03.07.01", "26.04.05")
    same, division, formal, none, absent = vienna_similarities(
        query, [query, ("03.07.16",), ("26.04.05",), ("05.03",), ()]
    )
    assert same == 1
    assert division == pytest.approx(3 / (7 + 7 / 4 + 4))  # 03 and 03.07 of all that either carries
    assert formal == pytest.approx((7 / 4) / (7 + 7 / 4))  # a quadrilateral says less than an animal
    assert none == 0
    assert np.isnan(absent)
    assert np.isnan(vienna_similarities((), [query])).all()


@given(st.lists(st.sampled_from(["03", "03.07", "03.07.01", "26.04.05", "27.05", "99.01"]), min_size=1))
def test_vienna_overlap_is_symmetric_and_one_for_equals(codes: list[str]) -> None:
    other = ("03.07.16", "27.05.01")
    assert vienna_similarities(codes, [codes])[0] == 1
    assert vienna_similarities(codes, [other])[0] == vienna_similarities(other, [codes])[0]


def test_shared_codes_are_the_finest_with_things_first() -> None:
    assert shared_codes(("26.04.05", "03.07.01"), ("03.07.16", "26.04.05")) == ("03.07", "26.04.05")
