"""The composite score: absent channels, contributions, order."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from logosim.domain.features import Features, PatchArray
from logosim.domain.hit import Candidate
from logosim.domain.query import Query, Weights
from logosim.search.pipeline import name_keys
from logosim.search.rerank import Ranking, compose, rerank
from logosim.search.vienna_overlap import shared_codes, vienna_similarities

CHANNELS = tuple(Weights().as_dict())
values_ = st.lists(st.one_of(st.just(float("nan")), st.floats(0, 1)), min_size=5, max_size=5)
weights_ = st.builds(Weights, *[st.floats(0, 10)] * 4, st.floats(0.01, 10))


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
    return Candidate(
        UUID(int=number), "test", f"{number}.png", text, names.normalised, names.phonemes, codes, 2010,
        f"/{number}.png", ("look",), cosine, figure,
    )  # fmt: skip


def ranked(query: Query, candidates: list[Candidate]) -> Ranking:
    return rerank(query, name_keys(query.text), candidates)


def value(ranking: Ranking, channel: str, place: int = 0) -> float:
    return float(ranking.values[place, CHANNELS.index(channel)])


@given(st.lists(values_, min_size=1, max_size=8), weights_)
def test_contributions_are_value_by_weight_and_weights_add_up_to_one(rows: list[list[float]], weights: Weights) -> None:
    values = np.array(rows)
    scaled, contributions = compose(values, weights)
    there = ~np.isnan(values)
    asked = np.array(list(weights.as_dict().values()))
    assert (scaled[~there] == 0).all()
    assert contributions[there] == pytest.approx((scaled * values)[there])
    for row, total in zip(there, scaled.sum(axis=1), strict=True):
        assert total == pytest.approx(1 if asked[row].sum() > 0 else 0)
    assert ((contributions.sum(axis=1) >= 0) & (contributions.sum(axis=1) <= 1 + 1e-9)).all()


@given(values_, weights_, st.floats(1e-6, 1e6))
def test_only_ratios_of_weights_matter(row: list[float], weights: Weights, factor: float) -> None:
    larger = Weights(*[weight * factor for weight in weights.as_dict().values()])
    one, other = compose(np.array([row]), weights)[1], compose(np.array([row]), larger)[1]
    assert one == pytest.approx(other, abs=1e-9)


@given(values_, weights_)
def test_a_channel_left_out_scores_as_if_it_had_no_weight(row: list[float], weights: Weights) -> None:
    assume(not np.isnan(row[4]))
    for place in range(4):
        absent = [*row[:place], float("nan"), *row[place + 1 :]]
        unweighted = Weights(**(weights.as_dict() | {CHANNELS[place]: 0.0}))
        left_out = compose(np.array([absent]), weights)[1].sum()
        assert left_out == pytest.approx(compose(np.array([row]), unweighted)[1].sum())
        assert left_out >= compose(np.array([[*row[:place], 0.0, *row[place + 1 :]]]), weights)[1].sum() - 1e-9


@given(values_, weights_, st.integers(0, 4), st.floats(0, 1))
def test_more_in_one_channel_is_never_less_in_all(row: list[float], weights: Weights, place: int, more: float) -> None:
    assume(row[place] <= more)
    higher = [*row[:place], more, *row[place + 1 :]]
    scores = compose(np.array([row, higher]), weights)[1].sum(axis=1)
    assert scores[1] >= scores[0]


def test_the_same_mark_comes_first_with_a_score_of_one() -> None:
    seen = features(1)
    same = candidate(9, text="Fildor", codes=("03.07.01", "26.04"), cosine=1.0, figure=seen.patches)
    others = [
        candidate(1, text="Fildor", codes=("03.07.01",), cosine=0.99, figure=seen.patches),
        candidate(2, text="Fildar", codes=("03.07.01", "26.04"), cosine=1.0, figure=seen.patches),
        candidate(3, text="Fildor", codes=("03.07.01", "26.04"), cosine=1.0, figure=patches(2)),
    ]
    ranking = ranked(Query(seen, "FILDOR", ("03.07.01", "26.04")), [*others, same])
    assert ranking.order[0] == 3
    assert ranking.scores[3] == pytest.approx(1, abs=1e-6)
    assert (ranking.scores[:3] < 0.999).all()
    assert ranking.contributions.sum(axis=1) == pytest.approx(ranking.scores, abs=1e-6)


def test_a_mark_without_text_is_judged_by_its_picture_alone() -> None:
    seen = features(1)
    silent = candidate(1, cosine=0.8, figure=seen.patches)
    ranking = ranked(
        Query(seen, "Fildor"),
        [
            silent,
            replace(
                silent, mark_id=UUID(int=2), text="Zuka", normalised_text="zuka", phonemes=name_keys("Zuka").phonemes
            ),
        ],
    )
    assert np.isnan([value(ranking, channel) for channel in ("sound", "spelling", "vienna")]).all()
    assert ranking.weights[0].tolist() == pytest.approx([0.35 / 0.6, 0.25 / 0.6, 0, 0, 0])
    assert ranking.scores[0] > ranking.scores[1]


def test_pictures_without_a_figure_have_no_look() -> None:
    blank = np.zeros((7, 7, 64), np.int8)
    word_mark = candidate(1, text="Other", cosine=1.0, figure=blank)
    for seen in (features(1), replace(features(1), patches=blank)):
        ranking = ranked(Query(seen, "Fildor"), [word_mark])
        assert np.isnan([value(ranking, "look"), value(ranking, "shape")]).all()
        assert value(ranking, "spelling") < 0.5


def test_a_negative_cosine_counts_as_nothing_alike() -> None:
    assert value(ranked(Query(features(1)), [candidate(1, cosine=-0.4, figure=patches(2))]), "look") == 0


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
