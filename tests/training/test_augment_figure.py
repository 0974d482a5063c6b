"""The figure of a logo: lifted off its ground, with other strokes and in other colours."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.training
cv2 = pytest.importorskip("cv2")
pytest.importorskip("PIL")

from training.augment import Layer, ViewSettings, layer  # noqa: E402  # after the check that its packages are there
from training.augment.colour import contrasting, flat, luminance, one_ink  # noqa: E402
from training.augment.layer import resized  # noqa: E402
from training.augment.strokes import fill, outline, silhouette, stroke_width, thicken, thin, unplate  # noqa: E402

from .figure_views import (  # noqa: E402
    SEEDS,
    SIZE,
    Picture,
    badge_picture,
    brightness,
    chance,
    clear,
    dark,
    disc_picture,
    flag_picture,
    only,
    ring_picture,
    view,
)

# --- the layer ------------------------------------------------------------------------------------------------------


def test_transparency_is_taken_and_trimmed() -> None:
    figure = layer(flag_picture())
    assert figure.alpha.shape == (101, 81)
    assert figure.colour.shape == (101, 81, 3)
    assert figure.ground == (255, 255, 255)


@pytest.mark.parametrize("ground", [(255, 255, 255), (200, 30, 30)])
def test_a_figure_is_lifted_off_a_plain_ground_and_can_be_put_back(ground: tuple[int, int, int]) -> None:
    picture = np.full((120, 120, 3), ground, np.uint8)
    cv2.circle(picture, (60, 60), 30, (20, 60, 160), -1, cv2.LINE_AA)
    figure = layer(picture)
    middle = figure.alpha.shape[0] // 2
    assert figure.alpha[middle, middle] == 255
    assert figure.alpha[0, 0] == 0
    assert figure.ground == ground
    weight = figure.alpha[:, :, None].astype(np.float64) / 255
    again = figure.colour * weight + np.array(ground) * (1 - weight)
    top, left = 60 - again.shape[0] // 2, 60 - again.shape[1] // 2  # the disc's centre stays the centre
    there = picture[top : top + again.shape[0], left : left + again.shape[1]]
    assert float(np.abs(again - there).mean()) < 4


def test_the_edges_of_a_lifted_figure_hold_its_own_colour_and_not_the_ground() -> None:
    picture = np.full((120, 120, 3), 255, np.uint8)
    cv2.circle(picture, (60, 60), 30, (0, 0, 0), -1, cv2.LINE_AA)
    figure = layer(picture)
    edge = (figure.alpha > 60) & (figure.alpha < 220)
    assert edge.sum() > 20
    assert float(figure.colour[edge].mean()) < 64
    assert flat(figure)


def test_a_picture_without_a_plain_border_is_all_ink() -> None:
    picture = chance().integers(0, 256, (40, 50, 3), dtype=np.uint8)
    assert (layer(picture).alpha == 255).all()


def test_grey_and_opaque_rgba_pictures_are_read() -> None:
    grey = np.full((50, 50), 255, np.uint8)
    grey[20:30, 10:40] = 0
    opaque = np.dstack([cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.full((50, 50), 255, np.uint8)])
    for picture in (grey, opaque):
        assert layer(picture).alpha.shape == (10, 30)


@pytest.mark.parametrize(
    "picture", [clear(), clear(1, 1), np.full((9, 9, 3), 255, np.uint8), np.full((1, 1), 250, np.uint8)]
)
def test_an_empty_picture_is_refused(picture: Picture) -> None:
    with pytest.raises(ValueError, match="the picture is empty"):
        layer(picture)


@pytest.mark.parametrize("shape", [(4, 4, 2), (0, 5, 3), (5,)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a picture is uint8"):
        layer(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="float64"):
        layer(np.zeros((4, 4, 3)))


def test_resizing_does_not_darken_edges() -> None:
    picture = clear(200, 200)  # transparent black
    cv2.circle(picture, (100, 100), 80, (255, 255, 0, 255), -1)
    small = resized(layer(picture), 50)
    assert small.alpha.shape == (50, 50)
    assert small.colour[small.alpha > 100][:, :2].min() >= 245


def test_layers_compare_by_identity() -> None:
    figure = layer(disc_picture())
    assert figure == figure  # arrays inside must not be compared
    assert figure != Layer(figure.colour, figure.alpha)


# --- strokes --------------------------------------------------------------------------------------------------------


def test_outline_empties_a_disc_and_keeps_its_rim() -> None:
    for seed in SEEDS:
        made = view(disc_picture(), only("outline"), seed)
        assert made[SIZE // 2, SIZE // 2].min() == 255
        assert brightness(made)[SIZE // 2, :6].min() < 128


def test_outline_keeps_the_rims_of_inner_parts() -> None:
    figure = outline(layer(badge_picture()), chance(1))
    middle = figure.alpha.shape[0] // 2
    across = figure.alpha[middle // 2 + 10] > 128  # a row through the cross's upper arm: rim, arm's edges, rim
    assert int((np.diff(across.astype(int)) == 1).sum()) >= 3 - int(across[0])


def test_fill_inks_the_centre_of_a_ring() -> None:
    for seed in SEEDS:
        figure = fill(layer(ring_picture()), chance(seed))
        middle = figure.alpha.shape[0] // 2
        assert figure.alpha[middle, middle] == 255
        made = view(ring_picture(), only("fill"), seed)
        assert brightness(made)[SIZE // 2, SIZE // 2] < 200


def test_fill_knocks_inner_lines_out_or_sets_them_on_a_second_colour() -> None:
    picture = ring_picture()
    cv2.line(picture, (60, 35), (60, 85), (10, 10, 10, 255), 6)
    knocked = 0
    for seed in SEEDS:
        figure = fill(layer(picture), chance(seed))
        middle = figure.alpha.shape[0] // 2
        assert figure.alpha[middle, middle // 2 + 8] == 255
        differs = figure.colour[middle, middle].astype(int) - figure.colour[middle, middle // 2 + 8]
        knocked += int(figure.alpha[middle, middle] == 0)
        assert figure.alpha[middle, middle] == 0 or np.abs(differs).max() >= 60
    assert 0 < knocked < len(SEEDS)


def test_fill_leaves_a_figure_that_encloses_nothing() -> None:
    figure = layer(flag_picture())
    assert (fill(figure, chance()).alpha == figure.alpha).all()


def test_silhouette_and_stroke_width() -> None:
    ring = layer(ring_picture()).alpha
    assert abs(stroke_width(ring) - 6) <= 2
    middle = ring.shape[0] // 2
    whole = silhouette(ring)
    assert ring[middle, middle] == 0
    assert whole[middle, middle] == 255
    assert (whole >= ring).all()


def test_thicken_and_thin_change_the_stroke_width_and_thin_leaves_ink() -> None:
    figure = layer(ring_picture())
    assert stroke_width(thicken(figure, 0.03).alpha) > stroke_width(figure.alpha)
    assert stroke_width(thin(figure, 0.6).alpha) < stroke_width(figure.alpha)
    for seed in SEEDS:
        assert dark(view(ring_picture(), only("thin"), seed)) > 50


def test_unplate_takes_the_plate_and_leaves_the_cross() -> None:
    figure = unplate(layer(badge_picture()))
    assert figure.alpha.shape == (61, 61)
    assert figure.alpha[0, 0] == 0
    assert figure.alpha[30, 30] == 255
    same = layer(flag_picture())
    assert unplate(same) is same


# --- colour ---------------------------------------------------------------------------------------------------------


def test_recolour_changes_the_colour_and_not_the_shape() -> None:
    plain = view(disc_picture(), ViewSettings.plain())
    for seed in SEEDS:
        made = view(disc_picture(), only("recolour"), seed)
        outside = brightness(plain) > 254
        assert (made[outside] == 255).all()
        assert brightness(made)[brightness(plain) < 80].mean() <= 255 - 60 + 1


def test_recolour_keeps_the_structure_of_many_colours() -> None:
    told_apart = 0
    for seed in SEEDS:
        made = view(badge_picture(), only("recolour"), seed).astype(int)
        cross, disc = made[SIZE // 2, SIZE // 2], made[SIZE // 3, SIZE // 3]
        told_apart += int(np.abs(cross - disc).max() >= 40)
    assert told_apart == len(SEEDS)


def test_one_ink_cuts_lighter_parts_out_and_keeps_parts_beside_the_rest() -> None:
    cut = one_ink(layer(badge_picture()), chance(3))
    middle = cut.shape[0] // 2
    assert (cut[middle, middle], cut[middle // 2, middle // 2]) == (0, 255)
    beside = clear(60, 120)
    beside[10:50, 10:50] = (20, 30, 120, 255)
    beside[10:50, 60:100] = (240, 180, 20, 255)
    assert (one_ink(layer(beside), chance(3)) == layer(beside).alpha).all()


@pytest.mark.filterwarnings("error")
def test_one_ink_of_parts_that_differ_in_hue_alone_keeps_ink() -> None:
    colour = np.full((40, 80, 3), (255, 0, 0), np.uint8)
    colour[:, 40:] = (0, 130, 0)  # the same luminance
    figure = Layer(colour, np.full((40, 80), 255, np.uint8))
    for seed in range(8):
        assert (one_ink(figure, np.random.default_rng(seed)) > 128).mean() > 0.4


def test_one_ink_cuts_dark_parts_out_of_a_lighter_plate() -> None:
    picture = np.full((80, 80, 4), (240, 190, 40, 255), np.uint8)
    picture[:6, :6] = 0
    picture[30:50, 20:60] = (10, 10, 10, 255)
    for seed in SEEDS:
        cut = one_ink(layer(picture), chance(seed))
        assert (cut[40, 40], cut[10, 40]) == (0, 255)


def test_binary_has_one_ink() -> None:
    for seed in SEEDS:
        made = view(badge_picture(), only("binary"), seed)
        pure = (made == 0).all(axis=2) | (made == 255).all(axis=2)
        assert pure.mean() > 0.85
        assert (np.ptp(made, axis=2) == 0).all()


def test_grey_has_equal_channels_whatever_else_happens() -> None:
    for seed in SEEDS:
        made = view(badge_picture(), only("grey", "recolour", "noise", "jpeg", "shrink", "plate"), seed)
        assert (np.ptp(made, axis=2) == 0).all()


@pytest.mark.parametrize("below", [0.0, 70.0, 128.0, 200.0, 255.0])
def test_chosen_inks_are_visible(below: float) -> None:
    maker = chance(5)
    for _ in range(60):
        assert abs(luminance(contrasting(below, maker)) - below) >= 60
