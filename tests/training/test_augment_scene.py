"""The scene around a figure and whole views: each change does what its name says, and none leaves an empty picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.training
cv2 = pytest.importorskip("cv2")
pytest.importorskip("PIL")

from PIL import ImageFont  # noqa: E402  # after the check that its packages are there

from logosim.domain.features import RgbImage  # noqa: E402
from logosim.imaging import canvas, trim  # noqa: E402
from training.augment import Lettering, ViewMaker, ViewSettings, layer  # noqa: E402
from training.augment.geometry import cropped, windowed  # noqa: E402
from training.augment.ground import Scene  # noqa: E402
from training.augment.lettering import joined  # noqa: E402
from training.augment.shapes import any_shape  # noqa: E402

from .figure_views import (  # noqa: E402
    SEEDS,
    SIZE,
    Picture,
    badge_picture,
    brightness,
    chance,
    dark,
    disc_picture,
    flag_picture,
    on_white,
    only,
    ring_picture,
    view,
)


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The font that Pillow carries inside itself, written to a file."""
    built_in = ImageFont.load_default(20)
    if not isinstance(built_in, ImageFont.FreeTypeFont):
        pytest.skip("this Pillow cannot open outline fonts")
    path = tmp_path_factory.mktemp("fonts") / "built-in.ttf"
    source = built_in.path
    path.write_bytes(source.getvalue() if hasattr(source, "getvalue") else built_in.font_bytes)
    return path


@pytest.fixture(scope="module")
def lettering(font: Path) -> Lettering:
    return Lettering([font], ["Ostrava", "mill & sons", "Kettle"])


# --- the settings ---------------------------------------------------------------------------------------------------


def test_without_takes_kinds_out_and_refuses_unknown_ones() -> None:
    settings = ViewSettings().without("jpeg", "outline")
    assert settings.jpeg == settings.outline == 0.0
    assert settings.recolour == ViewSettings().recolour
    with pytest.raises(ValueError, match="no such change: colour, sepia"):
        settings.without("sepia", "colour", "jpeg")


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_probability_is_a_probability(value: float) -> None:
    with pytest.raises(ValueError, match="warp is a probability"):
        ViewSettings(warp=value)


def test_taking_a_kind_out_leaves_the_choice_of_the_others() -> None:
    settings = ViewSettings()
    for seed in range(50):
        with_it = settings.drawn(chance(seed))
        assert settings.without("recolour").drawn(chance(seed)) == with_it - {"recolour"}


# --- views ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", [disc_picture(), flag_picture(), badge_picture(), disc_picture()[:, :, 3]])
def test_a_plain_view_is_what_the_run_time_canvas_shows(picture: Picture) -> None:
    expected = on_white(picture) if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    plain = view(picture, ViewSettings.plain())
    if picture.ndim == 3:
        shown = canvas(trim(RgbImage(expected)), SIZE)
        assert np.abs(plain.astype(int) - shown).max() <= 2
    else:  # a figure on black stays on black
        assert plain[SIZE // 2, SIZE // 2].min() > 250
        assert plain[0, 0].max() < 5


def test_white_ink_on_nothing_is_shown_on_black() -> None:
    picture = disc_picture()
    picture[:, :, :3] = 255
    shown = view(picture, ViewSettings.plain())
    assert shown[SIZE // 2, SIZE // 2].min() == 255
    assert shown[0, 0].max() == 0


def test_a_view_depends_on_picture_and_generator_only(lettering: Lettering) -> None:
    maker = ViewMaker(SIZE, ViewSettings(), lettering)
    first = [maker(badge_picture(), chance(seed)) for seed in SEEDS]
    again = [ViewMaker(SIZE, ViewSettings(), lettering)(badge_picture(), chance(seed)) for seed in SEEDS]
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert len({a.tobytes() for a in first}) > len(SEEDS) / 2


def test_the_picture_given_is_not_changed(lettering: Lettering) -> None:
    picture = badge_picture()
    before = picture.copy()
    for seed in SEEDS:
        view(picture, ViewSettings(), seed, lettering)
    assert (picture == before).all()


def test_views_of_anything_are_of_the_right_form_and_never_empty(lettering: Lettering) -> None:
    grounded = np.full((60, 90, 3), (30, 90, 200), np.uint8)
    grounded[20:40, 20:70] = 250
    odd: dict[str, Picture] = {
        "disc": disc_picture(),
        "ring": ring_picture(),
        "badge": badge_picture(),
        "on colour": grounded,
        "1x1": np.zeros((1, 1, 3), np.uint8),
        "1xN": np.zeros((1, 70), np.uint8),
        "Nx1": np.zeros((70, 1), np.uint8),
        "black": np.zeros((50, 40, 3), np.uint8),
        "dot": np.pad(np.full((1, 1, 4), 255, np.uint8), ((30, 30), (30, 30), (0, 0))),
        "noise": chance().integers(0, 256, (64, 64, 3), dtype=np.uint8),
        "large": np.pad(np.zeros((700, 30), np.uint8), 40, constant_values=255),
        "faint": np.pad(np.full((40, 40), 190, np.uint8), 10, constant_values=255),
    }
    squares = {"black", "1x1", "dot", "faint"}
    busy = ViewSettings(**dict.fromkeys(ViewSettings.names(), 0.4))
    for name, picture in odd.items():
        for seed in range(40):
            for settings in (ViewSettings(), busy):
                made = view(picture, settings, seed, lettering)
                assert made.shape == (SIZE, SIZE, 3), name
                assert made.dtype == np.uint8
                if name in squares:  # a plain square fills the canvas: there is nothing to stand out from
                    assert int(made.min()) < 225, (name, seed)
                else:
                    assert int(np.ptp(made.reshape(-1, 3), axis=0).max()) >= 24, (name, seed)


@pytest.mark.parametrize("name", sorted(set(ViewSettings.names()) - {"unplate", "fill"}))
def test_each_change_alone_changes_something(name: str, lettering: Lettering) -> None:
    picture = badge_picture()
    picture[4:24, 85:105] = (20, 30, 120, 255)  # an ear on one side
    plain = view(picture, ViewSettings.plain())
    changed = [view(picture, only(name), seed, lettering) for seed in SEEDS]
    assert sum(bool((made != plain).any()) for made in changed) >= len(SEEDS) * 2 // 3


def test_a_view_has_a_size() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        ViewMaker(4, ViewSettings(), None)


# --- ground ---------------------------------------------------------------------------------------------------------


def test_reverse_makes_the_ground_darker_than_the_ink() -> None:
    for seed in SEEDS:
        made = brightness(view(flag_picture(), only("reverse"), seed))
        inked = np.percentile(made[made < 250] if (made < 250).any() else made, 5)
        middle = made[SIZE // 4 : -SIZE // 4, SIZE // 4 : -SIZE // 4]
        assert middle.max() - np.median(middle) >= 55
        assert np.median(middle) <= 155
        assert inked <= 155


def test_a_plate_lies_behind_the_figure() -> None:
    coloured = 0
    for seed in SEEDS:
        made = view(flag_picture(), only("plate"), seed)
        coloured += int(np.median(made[SIZE // 2 - 20 : SIZE // 2 + 20, SIZE // 2 + 8 : SIZE // 2 + 24]) < 250)
        assert np.ptp(brightness(made)[SIZE // 4 : -SIZE // 4, SIZE // 4 : -SIZE // 4]) >= 55
    assert coloured >= len(SEEDS) * 2 // 3


def test_a_frame_lies_around_the_figure() -> None:
    for seed in SEEDS:
        made = brightness(view(flag_picture(), only("frame"), seed))
        edges = [made[:8].min(), made[-8:].min(), made[:, :8].min(), made[:, -8:].min()]
        assert sum(edge < 200 for edge in edges) >= 2


def test_shapes_hold_the_figure() -> None:
    for seed in range(60):
        maker = chance(seed)
        height, width = (int(side) for side in maker.integers(1, 200, 2))
        shape = any_shape(np.zeros((height, width), np.uint8), maker)
        assert shape.size[0] >= height
        assert shape.size[1] >= width
        mask = shape.mask(0.0)
        assert mask[shape.size[0] // 2, shape.size[1] // 2] == 255
        assert int(shape.mask(3.0).sum()) <= int(mask.sum())


# --- lettering ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("before", [True, False])
def test_words_are_set_outside_the_figure(beside: bool, before: bool) -> None:
    picture = on_white(badge_picture())
    words = np.full((20, 70), 255, np.uint8)
    scene = joined(Scene(picture, (255, 255, 255), (0, 0, 0)), words, (0, 0, 0), beside, before, chance())
    grown = scene.picture.shape[1] if beside else scene.picture.shape[0]
    assert grown > 120
    assert scene.picture.shape[0 if beside else 1] == 120
    along = slice(-120, None) if before else slice(0, 120)
    there = scene.picture[:, along] if beside else scene.picture[along]
    assert (there == picture).all()
    assert dark(scene.picture) == dark(picture) + words.size


def test_lettering_widens_or_heightens_the_picture(lettering: Lettering) -> None:
    plain = view(disc_picture(), ViewSettings.plain())
    smaller = 0
    for seed in SEEDS:
        made = view(disc_picture(), only("lettering"), seed, lettering)
        smaller += int(dark(made) < dark(plain))
        assert (view(disc_picture(), only("lettering"), seed) == plain).all()  # no lettering, no words
    assert smaller >= len(SEEDS) * 2 // 3


def test_a_bare_word_is_the_same_for_the_same_picture(font: Path) -> None:
    lettering = Lettering([font], [f"{'nmwrstuv'[number % 8] * (3 + number % 5)}{number}" for number in range(30)])
    assert (lettering.bare_word(layer(disc_picture()), chance(1)).alpha.shape[0]) > 5
    ratios = {lettering.bare_word(layer(flag_picture()), chance(2)).alpha.tobytes() for _ in range(5)}
    assert len(ratios) == 1
    made = view(disc_picture(), only("bare_word"), 4, lettering)
    assert made[0].min() == 255  # a word is wide: there is paper above and below
    assert dark(made) > 20


def test_a_broken_font_is_named(tmp_path: Path, font: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with pytest.raises(ValueError, match=r"broken\.ttf: not a font"):
        Lettering([font, broken], ["word"])
    with pytest.raises(ValueError, match="needs a font and a word"):
        Lettering([font], ["  "])


# --- geometry and loss ----------------------------------------------------------------------------------------------


def test_mirror_is_the_picture_flipped() -> None:
    plain = view(flag_picture(), ViewSettings.plain())
    turned = view(flag_picture()[:, ::-1].copy(), ViewSettings.plain())
    assert (view(flag_picture(), only("mirror")) == turned).all()
    assert (turned != plain).any()


def test_a_crop_is_a_part_with_most_of_the_ink() -> None:
    figure, smaller = layer(flag_picture()), 0
    for seed in SEEDS:
        part = cropped(figure, chance(seed))
        smaller += int(part.alpha.size < figure.alpha.size)
        assert part.alpha.sum(dtype=int) >= 0.4 * figure.alpha.sum(dtype=int)
    assert smaller >= len(SEEDS) * 2 // 3


def test_a_window_cuts_the_scene_and_never_empties_it() -> None:
    picture = np.full((100, 160, 3), 255, np.uint8)
    picture[20:50, 20:60], picture[60:90, 90:150] = (200, 0, 0), (0, 0, 120)
    scene, smaller = Scene(picture, (255, 255, 255), (200, 0, 0)), 0
    shown = int((picture < 255).any(axis=2).sum())
    for seed in SEEDS:
        part = windowed(scene, chance(seed)).picture
        assert (part < 255).any(axis=2).sum() >= 0.35 * shown
        assert any(
            (part == picture[top : top + len(part), left : left + part.shape[1]]).all()
            for top in range(101 - len(part))
            for left in range(161 - part.shape[1])
        )
        smaller += int(part.size < picture.size)
    assert smaller >= len(SEEDS) * 2 // 3


def test_a_window_leaves_a_scene_alone_that_shows_nothing() -> None:
    scene = Scene(np.full((40, 40, 3), 7, np.uint8), (7, 7, 7), (0, 0, 0))
    assert windowed(scene, chance()) is scene


@pytest.mark.parametrize("name", ["rotate", "warp"])
def test_geometry_keeps_the_whole_figure_and_fills_the_canvas(name: str) -> None:
    for seed in SEEDS:
        made = view(flag_picture(), only(name), seed)
        rows, columns = np.nonzero(brightness(made) < 200)
        assert max(np.ptp(rows), np.ptp(columns)) >= SIZE - 6
        share = dark(made) / dark(view(flag_picture(), ViewSettings.plain()))
        assert 0.4 < share < 1.7


@pytest.mark.parametrize("name", ["shrink", "blur"])
def test_loss_of_resolution_softens_edges(name: str) -> None:
    plain = view(flag_picture(), ViewSettings.plain())
    sharp = np.abs(np.diff(brightness(plain), axis=1)).max()
    for seed in SEEDS:
        assert np.abs(np.diff(brightness(view(flag_picture(), only(name), seed)), axis=1)).max() < sharp


@pytest.mark.parametrize("name", ["noise", "jpeg"])
def test_noise_and_compression_change_little(name: str) -> None:
    plain = view(badge_picture(), ViewSettings.plain())
    for seed in SEEDS:
        made = view(badge_picture(), only(name), seed)
        assert 0 < np.abs(made.astype(int) - plain).mean() < 20
