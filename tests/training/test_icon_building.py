"""The stand-in collection as it is built: drawn, rid of copies, written, and taken up again where a run ended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.training
pytest.importorskip("resvg_py")

from training import holdout, icons  # noqa: E402  # after the check that its packages are there
from training.holdout import Exclusion  # noqa: E402
from training.icon_sets import IconSet, IconSetError, read_set, set_files  # noqa: E402
from training.thumbs import Thumb, resembling, thumb_of  # noqa: E402

from .drawn_icons import BOX, DISC, TENT, WEDGE, candidate, index_rows, write_set  # noqa: E402


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    write_set(
        folder,
        "hand-one",
        {
            "moon-fill": DISC.format(9),
            "moon-outline": '<circle cx="12" cy="12" r="8" fill="none" stroke="currentColor"/>',
            "kite": {"body": WEDGE.format(8), "width": 48, "height": 24},
            "ghost": '<path fill="#fff" d="M2 2h20v20z"/>',
            "void": "<g/>",
            "wrong": '<path d="M0 0"',
            "gone": {"body": DISC.format(4), "hidden": True},
            "turning": '<path d="M0 0h9v9z"><animate attributeName="d" dur="1s"/></path>',
            "zacme": BOX.format(10),
            "zacme-circle": BOX.format(11),
            "anvil": BOX.format(12),
        },
    )
    write_set(
        folder,
        "hand-two",
        {
            "moon": DISC.format(9),
            "kite": WEDGE.format(18),
            "brand-anvil-works": BOX.format(5),
            "camp": TENT.format("#000", 6),
        },
    )
    write_set(folder, "game-icons", {"moon": BOX.format(17), "anvil-impact": BOX.format(18)})
    write_set(folder, "simple-icons", {"zacmemail": TENT.format("#06c", 6), "zenith": BOX.format(14)})
    write_set(folder, "bound", {"moon": BOX.format(15)}, licence="GPL-3.0-or-later")
    write_set(folder, "unsold", {"moon": BOX.format(16)}, licence="CC-BY-NC-4.0")
    (folder / "json" / "torn.json").write_text('{"prefix": "torn", "icons": {', encoding="utf-8")
    return folder


def _build(package: Path, out: Path, limit: int = 1000, jobs: int = 1, excluded: str = "zacme") -> dict[str, int]:
    return icons.build(package, Exclusion(frozenset(excluded.split())), out, pixels=40, limit=limit, jobs=jobs)


def test_collection_holds_what_may_train(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    counts = _build(package, out)
    rows = index_rows(out)
    assert {(row["file"], row["concept"]) for row in rows} == {
        ("game-icons/anvil-impact.png", "anvilimpact"),
        ("game-icons/moon.png", "moon"),
        ("hand-one/anvil.png", "anvil"),
        ("hand-one/kite.png", "kite"),
        ("hand-one/moon-outline.png", "moon"),
        ("hand-two/brand-anvil-works.png", "brand:anvilworks"),
        ("hand-two/kite.png", "kite"),
        ("hand-two/moon.png", "moon"),  # hand-one/moon-fill has the same body
        ("simple-icons/zenith.png", "brand:zenith"),
    }
    assert all(row["source"] == row["file"].split("/")[0] and (out / row["file"]).is_file() for row in rows)
    assert counts["left out, excluded brands"] == 3  # zacme, zacme-circle, zacmemail
    assert counts["left out, hidden"] == counts["left out, moving"] == 1
    assert counts["left out, sets left out"] == 2
    assert counts["left out, unreadable sets"] == 1
    assert counts["not drawn"] == 1
    assert counts["nothing to be seen on white"] == 2
    assert counts["figures of excluded brands under other names"] == 1  # hand-two/camp is zacmemail in black
    assert counts["pictures"] == 9
    assert counts["concepts of two pictures or more"] == 2
    assert counts["pictures that have a positive"] == 5
    told = capsys.readouterr().err
    for message in ("torn.json", "bound (1 icons): licence GPL-3.0-or-later", "unsold", "hand-one:wrong", "a second"):
        assert message in told


def test_pictures_are_as_drawn(package: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _build(package, out)
    with Image.open(out / "hand-one" / "kite.png") as kite:
        assert (kite.mode, kite.size) == ("RGBA", (40, 20))
    with Image.open(out / "hand-two" / "moon.png") as moon:
        assert moon.getpixel((0, 0)) == (0, 0, 0, 0)
        assert moon.getpixel((20, 20)) == (0, 0, 0, 255)


def test_same_collection_again_without_drawing(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    _build(package, out)
    _build(package, other, jobs=2)
    assert (out / "index.csv").read_bytes() == (other / "index.csv").read_bytes()
    index = (out / "index.csv").read_bytes()
    (out / "index.csv").unlink()  # as where a run was ended before
    (out / "hand-one" / "kite.png").write_bytes(b"\x89PNG torn")
    drawn: list[str] = []
    render = icons.render

    def counted(icon_set: IconSet, name: str, pixels: int) -> bytes:
        drawn.append(name)
        return render(icon_set, name, pixels)

    monkeypatch.setattr(icons, "render", counted)
    _build(package, out)
    assert sorted(drawn) == ["ghost", "kite", "void", "wrong", "zacmemail"]
    assert (out / "index.csv").read_bytes() == index
    assert (out / "hand-one" / "kite.png").read_bytes() == (other / "hand-one" / "kite.png").read_bytes()


def test_limit_keeps_concepts_of_many_houses(package: Path, tmp_path: Path) -> None:
    _build(package, tmp_path / "out", limit=3)
    assert {row["concept"] for row in index_rows(tmp_path / "out")} == {"moon"}


def _png(body: str) -> bytes:
    import resvg_py

    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{body}</svg>'
    return bytes(resvg_py.svg_to_bytes(svg_string=text, width=48))


def test_copies_are_told_by_what_is_drawn() -> None:
    small = thumb_of(_png('<path d="M9 9h6v6h-6z"/>'))
    large = thumb_of(_png('<path d="M1 1h22v22h-22z"/>'))
    disc = thumb_of(_png(DISC.format(9).replace("currentColor", "#000")))
    assert small is not None
    assert large is not None
    assert disc is not None
    assert np.array_equal(small, large)
    drawn = [
        icons.Drawn(candidate("a", "one"), small),
        icons.Drawn(candidate("b", "one"), large),
        icons.Drawn(candidate("c", "one"), disc),
        icons.Drawn(candidate("d", "one", "another"), large),
        icons.Drawn(candidate("e", "one", ""), large),
        icons.Drawn(candidate("f", "one"), None),
    ]
    assert [icon.source for icon in icons.without_copies(drawn)] == ["a", "c", "d", "e"]
    assert thumb_of(_png('<path fill="#fff" d="M1 1h22v22h-22z"/>')) is None


def _thumb(body: str) -> Thumb:
    thumb = thumb_of(_png(body))
    assert thumb is not None
    return thumb


def test_figures_are_known_again_in_other_colours() -> None:
    references = [_thumb(TENT.format("#d02", 6)), _thumb('<circle cx="12" cy="12" r="9"/>')]
    reversed_out = '<path d="M2 2h20v20h-20z"/>' + TENT.format("#fff", 6)
    others = [TENT.format("#2a8", 6), TENT.format("#000", 12), WEDGE.format(12), reversed_out]
    assert resembling([_thumb(body) for body in others], references).tolist() == [True, False, False, True]
    negative = 255 - references[0]
    assert resembling([negative], references).tolist() == [True]
    assert resembling([], references).tolist() == []
    assert resembling([negative], []).tolist() == [False]


def test_bad_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    excluded = tmp_path / "excluded.txt"
    excluded.write_text("acme\n", encoding="utf-8")
    with pytest.raises(IconSetError, match=r"has no folder json/"):
        set_files(tmp_path)
    command = ["--sets", str(tmp_path), "--exclude", str(excluded), "--out", str(tmp_path / "out")]
    assert icons.main(command) == 1
    assert "@iconify/json" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert holdout.main(["names", "--truth", str(tmp_path), "--out", str(tmp_path / "names.txt")]) == 1
    assert "index.csv" in capsys.readouterr().err
    outside = write_set(tmp_path, "outside", {"moon": {"body": 3}})
    with pytest.raises(IconSetError, match=r"outside\.json"):
        read_set(outside)
    outside.write_text(outside.read_text(encoding="utf-8").replace('"prefix": "outside"', '"prefix": "../up"'))
    with pytest.raises(IconSetError, match="file name"):
        read_set(outside)
