"""Which icons may enter the stand-in collection, what they are called, and that excluded brands never do."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.training
pytest.importorskip("resvg_py")

from training import holdout  # noqa: E402  # after the check that its packages are there
from training.concepts import concept_of, styles_of, take_apart, tokens_of  # noqa: E402
from training.holdout import Exclusion, HoldoutError, read_exclusion, trains  # noqa: E402
from training.icon_choice import chosen, is_excluded, ordinary_words  # noqa: E402

from .drawn_icons import BOX, candidate, index_rows, write_set  # noqa: E402


def test_a_concept_is_spread_over_houses_and_looks() -> None:
    one_house = [
        candidate("big", f"thing-{size}-{look}", look=look, size=size, body=f"{size}{look}".encode())
        for size in (16, 20, 24, 48)
        for look in ("line", "fill", "duo")
    ]
    taken = chosen(one_house, 100)
    assert len(taken) == 2
    assert {icon.size for icon in taken} == {24}
    assert len({icon.look for icon in taken}) == 2
    houses = [candidate(f"house{number}", "thing") for number in range(20)]
    houses = [candidate(icon.source, icon.name, body=icon.source.encode()) for icon in houses]
    spread = chosen(one_house + houses, 100)
    assert len(spread) == len({icon.house for icon in spread}) == 12
    assert chosen(list(reversed(one_house + houses)), 100) == spread
    same_body = [candidate(f"house{number}", "thing", body=b"same") for number in range(5)]
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


def test_a_word_is_ordinary_only_if_two_sets_of_ordinary_things_have_it(tmp_path: Path) -> None:
    (tmp_path / "json").mkdir(exist_ok=True)
    write_set(tmp_path, "game-icons", {"twitter": BOX.format(17), "moon-circle": BOX.format(18)})
    write_set(tmp_path, "noto", {"red-circle": BOX.format(19), "moon": BOX.format(20)})
    write_set(tmp_path, "tabler", {"brand-twitter": BOX.format(17)})
    files = sorted((tmp_path / "json").glob("*.json"))
    assert ordinary_words(files) == {"circle", "moon"}


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
    rows = index_rows(out)
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
