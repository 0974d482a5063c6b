"""The stand-in collection: which icons get in, what they are called, and that excluded brands never do."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.training
pytest.importorskip("resvg_py")

from training import holdout, icons  # noqa: E402  # after the check that its packages are there
from training.concepts import concept_of, styles_of, take_apart, tokens_of  # noqa: E402
from training.holdout import Exclusion, HoldoutError, read_exclusion, trains  # noqa: E402
from training.icon_choice import Candidate, chosen, is_excluded, ordinary_words  # noqa: E402
from training.icon_sets import IconSet, IconSetError, read_set, set_files  # noqa: E402
from training.thumbs import Thumb, resembling, thumb_of  # noqa: E402

TENT = '<path fill="{}" d="M2 22L12 {}l10 16zM12 2h4v3h-4z"/>'
DISC = '<circle cx="12" cy="12" r="{}" fill="currentColor"/>'
BOX = '<path fill="currentColor" d="M2 2h{0}v{0}h-{0}z"/>'
WEDGE = '<path fill="#c00" d="M2 22L{} 2l4 20z"/>'


def _write_set(package: Path, prefix: str, bodies: Mapping[str, str | dict[str, object]], licence: str = "MIT") -> Path:
    folder = package / "json"
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {name: body if isinstance(body, dict) else {"body": body} for name, body in bodies.items()}
    whole = {"prefix": prefix, "info": {"license": {"spdx": licence}}, "width": 24, "height": 24, "icons": drawn}
    file = folder / f"{prefix}.json"
    file.write_text(json.dumps(whole), encoding="utf-8")
    return file


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    _write_set(
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
    _write_set(
        folder,
        "hand-two",
        {
            "moon": DISC.format(9),
            "kite": WEDGE.format(18),
            "brand-anvil-works": BOX.format(5),
            "camp": TENT.format("#000", 6),
        },
    )
    _write_set(folder, "game-icons", {"moon": BOX.format(17), "anvil-impact": BOX.format(18)})
    _write_set(folder, "simple-icons", {"zacmemail": TENT.format("#06c", 6), "zenith": BOX.format(14)})
    _write_set(folder, "bound", {"moon": BOX.format(15)}, licence="GPL-3.0-or-later")
    _write_set(folder, "unsold", {"moon": BOX.format(16)}, licence="CC-BY-NC-4.0")
    (folder / "json" / "torn.json").write_text('{"prefix": "torn", "icons": {', encoding="utf-8")
    return folder


def _rows(out: Path) -> list[dict[str, str]]:
    with (out / "index.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _build(package: Path, out: Path, limit: int = 1000, jobs: int = 1, excluded: str = "zacme") -> dict[str, int]:
    return icons.build(package, Exclusion(frozenset(excluded.split())), out, pixels=40, limit=limit, jobs=jobs)


def test_collection_holds_what_may_train(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    counts = _build(package, out)
    rows = _rows(out)
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
    assert {row["concept"] for row in _rows(tmp_path / "out")} == {"moon"}


def _png(body: str) -> bytes:
    import resvg_py

    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{body}</svg>'
    return bytes(resvg_py.svg_to_bytes(svg_string=text, width=48))


def _candidate(source: str, name: str, concept: str = "thing", **changes: object) -> Candidate:
    whole = {"set_file": f"{source}.json", "house": source, "look": "line", "size": 0, "body": name.encode()}
    return Candidate(source=source, name=name, concept=concept, **{**whole, **changes})  # type: ignore[arg-type]


def test_copies_are_told_by_what_is_drawn() -> None:
    small = thumb_of(_png('<path d="M9 9h6v6h-6z"/>'))
    large = thumb_of(_png('<path d="M1 1h22v22h-22z"/>'))
    disc = thumb_of(_png(DISC.format(9).replace("currentColor", "#000")))
    assert small is not None
    assert large is not None
    assert disc is not None
    assert np.array_equal(small, large)
    drawn = [
        icons.Drawn(_candidate("a", "one"), small),
        icons.Drawn(_candidate("b", "one"), large),
        icons.Drawn(_candidate("c", "one"), disc),
        icons.Drawn(_candidate("d", "one", "another"), large),
        icons.Drawn(_candidate("e", "one", ""), large),
        icons.Drawn(_candidate("f", "one"), None),
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


def test_a_concept_is_spread_over_houses_and_looks() -> None:
    one_house = [
        _candidate("big", f"thing-{size}-{look}", look=look, size=size, body=f"{size}{look}".encode())
        for size in (16, 20, 24, 48)
        for look in ("line", "fill", "duo")
    ]
    taken = chosen(one_house, 100)
    assert len(taken) == 2
    assert {icon.size for icon in taken} == {24}
    assert len({icon.look for icon in taken}) == 2
    houses = [_candidate(f"house{number}", "thing") for number in range(20)]
    houses = [_candidate(icon.source, icon.name, body=icon.source.encode()) for icon in houses]
    spread = chosen(one_house + houses, 100)
    assert len(spread) == len({icon.house for icon in spread}) == 12
    assert chosen(list(reversed(one_house + houses)), 100) == spread
    same_body = [_candidate(f"house{number}", "thing", body=b"same") for number in range(5)]
    assert len(chosen(same_body, 100)) == 1


NAMES = {  # a set of its own for each kind of name
    "material": [f"{thing}{style}" for thing in ("bolt", "sun", "sea", "cup", "fog") for style in
                 ("", "-outline", "-rounded", "-sharp", "-outline-sharp")] + ["traffic-light", "sharp-knife"],
    "grids": [f"{thing}-{size}-{style}" for thing in ("bolt", "sun", "sea", "cup", "fog") for size in (16, 24)
              for style in ("filled", "regular", "light")] + ["line-24-regular"],
    "prefixed": [f"{style}-{thing}" for style in ("baseline", "twotone", "round") for thing in
                 ("bolt", "sun", "sea", "cup", "fog", "oar", "pea", "tie", "zoo", "ink")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name", "concept", "look", "size"),
    [
        ("material", "sun-outline-sharp", "sun", "line", 0),
        ("material", "traffic-light", "trafficlight", "line", 0),
        ("material", "sharp-knife", "sharpknife", "line", 0),
        ("grids", "sun-24-filled", "sun", "fill", 24),
        ("grids", "sun-16-light", "sun", "line", 16),
        ("grids", "line-24-regular", "line", "line", 24),
        ("prefixed", "twotone-sun", "sun", "duo", 0),
        ("prefixed", "baseline-sun", "sun", "fill", 0),
        ("prefixed", "round-sun", "sun", "line", 0),
    ],
)
def test_styles_come_off_where_they_are_styles(kind: str, name: str, concept: str, look: str, size: int) -> None:
    parts = take_apart(name, styles_of(NAMES[kind]))
    assert (concept_of(parts.tokens), parts.look, parts.size) == (concept, look, size)


@pytest.mark.parametrize(
    ("name", "concept"),
    [
        ("green-apple", "greenapple"),
        ("greenapple", "greenapple"),
        ("Green_Apple", "greenapple"),
        ("circle-check", "checkcircle"),
        ("check-circle", "checkcircle"),
        ("chat-3", "chat"),
        ("briefcase2", "briefcase"),
        ("arithmetic-one", "arithmetic"),
        ("dice-5", "dice5"),
        ("h3", "h3"),
        ("5", "number5"),
        ("number-5", "number5"),
        ("a", "lettera"),
        ("letter-a", "lettera"),
        ("x", "x"),
        ("icon-123", ""),
        ("0123", ""),
        ("other", ""),
        ("logo", ""),
        ("logo-circle", "logocircle"),
    ],
)
def test_concepts(name: str, concept: str) -> None:
    assert concept_of(tokens_of(name)) == concept


NO_STYLES = styles_of([])
EXCLUDED = Exclusion(frozenset({"google", "amazon", "next", "nodejs", "css", "hp", "circle", "7eleven", "fitbit"}))
ORDINARY_WORDS = frozenset({"circle", "next", "arrow", "amazon"})


@pytest.mark.parametrize(
    "name",
    [
        "google",
        "google-drive",
        "my-google",
        "amazon-web-services-s3",
        "GOOGLE-Maps",
        "googledrive",  # one word
        "mygoogle",
        "node-js",  # split otherwise than the slug
        "nodedotjs",  # as Simple Icons spells it
        "css3",
        "7-eleven",
        "hp",  # short, but the whole name
        "logo-hp",
        "file-type-css",
        "google2",
        "googl",  # how a slug begins
    ],
)
def test_excluded_brands_fall_in_sets_of_brands(name: str) -> None:
    assert is_excluded(name, take_apart(name, NO_STYLES), EXCLUDED, ORDINARY_WORDS, of_brands=True)


@pytest.mark.parametrize("name", ["hp-lovecraft", "gogle", "glee", "csharp", "ama-zone", "seven"])
def test_other_brands_stay(name: str) -> None:
    assert not is_excluded(name, take_apart(name, NO_STYLES), EXCLUDED, ORDINARY_WORDS, of_brands=True)


@pytest.mark.parametrize(
    ("name", "falls"),
    [
        ("google", True),
        ("google-fill", True),
        ("google-drive", True),  # no ordinary word
        ("device-fitbit-sync", True),
        ("circle", True),  # the whole name, though an ordinary word
        ("circle-outline", True),
        ("next", True),
        ("arrow-next", False),
        ("plus-circle", False),
        ("amazon-parrot", False),
        ("brand-amazon-parrot", True),  # says that it is a brand
        ("amazon-logo", True),
        ("amazonparrot", False),
        ("hp", True),
        ("hp-circle", False),
    ],
)
def test_excluded_brands_in_sets_of_things(name: str, falls: bool) -> None:
    assert is_excluded(name, take_apart(name, NO_STYLES), EXCLUDED, ORDINARY_WORDS) is falls


def test_exclusion_lists(tmp_path: Path) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("Görlitz & Co.\n\n# told apart\n1and1-icon\n", encoding="utf-8")
    two.write_text("acme\n", encoding="utf-8")
    assert read_exclusion([one, two]).slugs == {"gorlitzco", "1and1icon", "acme"}
    two.write_text("\n", encoding="utf-8")
    with pytest.raises(HoldoutError, match=r"two\.txt: holds no brand slug"):
        read_exclusion([one, two])
    with pytest.raises(HoldoutError, match=r"three\.txt"):
        read_exclusion([tmp_path / "three.txt"])


def test_the_training_part_is_fixed() -> None:
    groups = [f"firm{number}" for number in range(2000)]
    assert [group for group in groups[:12] if trains(group)] == ["firm1", "firm2", "firm3", "firm4", "firm10"]
    assert sum(map(trains, groups)) / len(groups) == pytest.approx(0.4, abs=0.03)


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    folder = tmp_path / "truth"
    folder.mkdir()
    lines = ["file,pack,slug,brand,display_name,role,brand_group"]
    for number in range(12):
        for pack, role in (("p", "main"), ("q", "twin"), ("r", "lockup")):
            lines.append(f"{pack}/{number}.png,{pack},slug-{number},brand{number},Brand №{number},{role},firm{number}")
            picture = io.BytesIO()
            Image.new("RGBA", (8, 8), (number, 0, 0, 255)).save(picture, "PNG")
            (folder / pack).mkdir(exist_ok=True)
            (folder / pack / f"{number}.png").write_bytes(picture.getvalue())
    lines.append("p/other.png,p,other,,Other,distractor,")
    (folder / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_brands_of_the_training_part(truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    excluded, out = tmp_path / "excluded.txt", tmp_path / "out"
    excluded.write_text("brand0\n", encoding="utf-8")  # of the other part
    command = ["brands", "--truth", str(truth), "--exclude", str(excluded), "--out", str(out)]
    assert holdout.main(command) == 0
    rows = _rows(out)
    assert [(row["file"], row["concept"], row["source"]) for row in rows if row["concept"] == "brand:firm4"] == [
        ("p/4.png", "brand:firm4", "p"),
        ("q/4.png", "brand:firm4", "q"),
    ]
    assert len(rows) == 10
    assert (out / "groups.txt").read_text(encoding="utf-8").split() == ["firm1", "firm10", "firm2", "firm3", "firm4"]
    assert (out / "p" / "4.png").read_bytes() == (truth / "p" / "4.png").read_bytes()
    excluded.write_text("Brand No1\n", encoding="utf-8")  # a display name of the training part
    refused = tmp_path / "refused"
    assert holdout.main([*command[:-1], str(refused)]) == 1
    assert "p/1.png shows brandno1, which is excluded" in capsys.readouterr().err
    assert not refused.exists()


def test_names_of_truth_sets(truth: Path, tmp_path: Path) -> None:
    companies, out = tmp_path / "companies", tmp_path / "names.txt"
    companies.mkdir()
    (companies / "index.csv").write_text("file,domain,brand\nx.jpg,aad-insurance.com,aad\n", encoding="utf-8")
    assert holdout.main(["names", "--truth", str(truth), "--truth", str(companies), "--out", str(out)]) == 0
    names = set(read_exclusion([out]).slugs)
    assert {"aad", "aadinsurance", "other", "slug11", "brand11", "brandno11", "firm11"} <= names
    assert len(names) == 12 * 4 + 1 + 2


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
    outside = _write_set(tmp_path, "outside", {"moon": {"body": 3}})
    with pytest.raises(IconSetError, match=r"outside\.json"):
        read_set(outside)
    outside.write_text(outside.read_text(encoding="utf-8").replace('"prefix": "outside"', '"prefix": "../up"'))
    with pytest.raises(IconSetError, match="file name"):
        read_set(outside)


def test_a_word_is_ordinary_only_if_two_sets_of_ordinary_things_have_it(tmp_path: Path) -> None:
    (tmp_path / "json").mkdir(exist_ok=True)
    _write_set(tmp_path, "game-icons", {"twitter": BOX.format(17), "moon-circle": BOX.format(18)})
    _write_set(tmp_path, "noto", {"red-circle": BOX.format(19), "moon": BOX.format(20)})
    _write_set(tmp_path, "tabler", {"brand-twitter": BOX.format(17)})
    files = sorted((tmp_path / "json").glob("*.json"))
    assert ordinary_words(files) == {"circle", "moon"}
