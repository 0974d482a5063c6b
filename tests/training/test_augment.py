"""Views of a logo: each kind of change does what its name says, and none leaves an empty picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

pytestmark = pytest.mark.training
cv2 = pytest.importorskip("cv2")
pytest.importorskip("PIL")

from PIL import ImageFont  # noqa: E402  # after the check that its packages are there

from logosim.domain.features import RgbImage  # noqa: E402
from logosim.imaging import canvas, trim  # noqa: E402
from training.augment import Layer, Lettering, ViewMaker, ViewSettings, layer  # noqa: E402
from training.augment.colour import contrasting, flat, luminance, one_ink  # noqa: E402
from training.augment.geometry import cropped, windowed  # noqa: E402
from training.augment.ground import Scene  # noqa: E402
from training.augment.layer import resized  # noqa: E402
from training.augment.lettering import joined  # noqa: E402
from training.augment.shapes import any_shape  # noqa: E402
from training.augment.strokes import fill, outline, silhouette, stroke_width, thicken, thin, unplate  # noqa: E402

Picture = npt.NDArray[np.uint8]
SIZE = 96
SEEDS = range(12)


def only(*names: str) -> ViewSettings:
    plain = dict.fromkeys(ViewSettings.names(), 0.0)
    return ViewSettings(**{**plain, **dict.fromkeys(names, 1.0)})


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def view(picture: Picture, settings: ViewSettings, seed: int = 0, lettering: Lettering | None = None) -> Picture:
    return ViewMaker(SIZE, settings, lettering)(picture, chance(seed))


def clear(height: int = 120, width: int = 120) -> Picture:
    return np.zeros((height, width, 4), np.uint8)


def disc_picture() -> Picture:
    picture = clear()
    cv2.circle(picture, (60, 60), 50, (20, 60, 160, 255), -1, cv2.LINE_AA)
    return picture


def ring_picture() -> Picture:
    picture = clear()
    cv2.circle(picture, (60, 60), 48, (10, 10, 10, 255), 6, cv2.LINE_AA)
    return picture


def flag_picture() -> Picture:
    """A figure without any symmetry, in one ink."""
    picture = clear()
    cv2.rectangle(picture, (20, 10), (30, 110), (0, 0, 0, 255), -1)
    cv2.fillPoly(picture, [np.array([[30, 10], [100, 30], [30, 55]], np.int32)], (0, 0, 0, 255))
    return picture


def badge_picture() -> Picture:
    """A yellow cross on a dark blue disc."""
    picture = clear()
    cv2.circle(picture, (60, 60), 50, (20, 30, 120, 255), -1)
    cv2.rectangle(picture, (54, 30), (66, 90), (250, 220, 40, 255), -1)
    cv2.rectangle(picture, (30, 54), (90, 66), (250, 220, 40, 255), -1)
    return picture


def on_white(picture: Picture) -> Picture:
    alpha = picture[:, :, 3:].astype(np.float32) / 255
    return np.asarray(np.round(picture[:, :, :3] * alpha + 255 * (1 - alpha)), np.uint8)


def brightness(picture: Picture) -> npt.NDArray[np.float64]:
    return picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])


def dark(picture: Picture) -> int:
    return int((brightness(picture) < 128).sum())


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


def test_layers_compare_by_identity() -> None:
    figure = layer(disc_picture())
    assert figure == figure  # arrays inside must not be compared
    assert figure != Layer(figure.colour, figure.alpha)
