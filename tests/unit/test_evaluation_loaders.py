"""Truth sets as they lie on disk, and what is said of those that cannot be read."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from logosim.domain.mark import Mark, Picture
from logosim.errors import RecordError
from logosim.evaluation import load_brands, place_rankings
from logosim.evaluation.kinds import recognised
from logosim.evaluation.metu import load_metu
from logosim.evaluation.opposition import load_opposition
from logosim.evaluation.truth import TruthSet
from logosim.evaluation.variations import load_variations
from logosim.evaluation.vertag import load_vertag, write_rankings


def laid_out(folder: Path, *names: str, **texts: str) -> Path:
    """A folder with empty picture files, which loaders do not open, and text files by stem of the name."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def found_by(truth: TruthSet, name: str) -> set[str]:
    """Names of the pictures that the picture called `name` should find."""
    query = [file.name for file in truth.files].index(name)
    return {truth.files[index].name for index in np.flatnonzero(truth.positives(query))}


def test_brands_give_their_difficulty_and_leave_out_poor_agreement(tmp_path: Path) -> None:
    rows = "file,brand,support,difficulty\na.png,x,0.9,easy\nb.png,x,0.2,hard\nc.png,x,,easy\n"
    truth = load_brands(laid_out(tmp_path, index_csv=rows))
    assert (truth.name, truth.difficulty, truth.group_names) == (tmp_path.name, ("easy", "hard", "easy"), ("x",))
    assert truth.queries().tolist() == [0, 1, 2]
    strict = load_brands(tmp_path, least_support=0.3)
    assert strict.queries().tolist() == [0, 2]
    assert strict.ignored(0).tolist() == [True, True, False]  # b is neither right nor wrong
    (tmp_path / "index.csv").write_text(rows.replace("0.2", "low"), encoding="utf-8")
    with pytest.raises(RecordError, match="support that is no number: 'low'"):
        load_brands(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,brand\na.png,x\na.png,y\n", "names a file twice: a.png"),
        ("file,brand\na.png\n", "too short, line 2"),
        ("file,brand\n,x\n", "without a file"),
        ("file,brand\n/etc/passwd,x\n", "outside its folder"),
        ("brand\nx\n", "lacks the columns file"),
        ("file,brand_group,drawing,role\na.png,x,1,mian\n", "gives a.png the role 'mian'"),
    ],
)
def test_a_bad_index_of_brands(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RecordError, match=said):
        load_brands(laid_out(tmp_path, index_csv=text))


def test_an_index_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_bytes(b"file,brand\n\xff\xfe.png,x\n")
    with pytest.raises(RecordError, match="not CSV in UTF-8"):
        load_brands(tmp_path)


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        (("queries/a-1.jpg", "queries/b-1.jpg", "queries/c-12.jpg", "queries/d-12.jpg"), None),
        (("queries/1/a-1.jpg", "queries/1/b-1.jpg", "queries/12/c-12.jpg", "queries/12/d-12.jpg"), None),
        (
            ("queries/a-1.jpg", "queries/b-1.jpg", "queries/c-12.jpg", "queries/d-12.jpg"),
            "# name, group\na-1.jpg 1\nb-1.jpg,1\n\nc-12.jpg\t12\nd-12.jpg 12\n",
        ),
    ],
)
def test_metu_in_its_three_layouts(tmp_path: Path, names: tuple[str, ...], listed: str | None) -> None:
    folder = laid_out(tmp_path, *names, "pool/1.jpg", "pool/deep/2.jpg")
    if listed is not None:
        (folder / "queries.txt").write_text(listed, encoding="utf-8")
    assert recognised(folder) == "metu"
    truth = load_metu(folder)
    assert len(truth) == 6
    assert len(truth.queries()) == 4
    assert found_by(truth, "a-1.jpg") == {"b-1.jpg"}
    assert found_by(truth, "c-12.jpg") == {"d-12.jpg"}
    assert truth.ignored(0).sum() == 1  # the pool stands in the way


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("a.jpg 1\nb.jpg 1\n", r"line 2: there is no picture .*b\.jpg"),
        ("a.jpg\n", "line 1: a file name and a group"),
        ("a.jpg 1\na.jpg 2\n", "line 2: a.jpg stands there a second time"),
        ("../a.jpg 1\n", "outside its folder"),
        ("\n", "is empty"),
    ],
)
def test_a_bad_list_of_queries(tmp_path: Path, listed: str, said: str) -> None:
    folder = laid_out(tmp_path, "queries/a.jpg", "pool/1.jpg", queries_txt=listed)
    with pytest.raises(RecordError, match=said):
        load_metu(folder)


def test_a_query_of_metu_without_a_group(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"group of the query .*a\.jpg cannot be told"):
        load_metu(laid_out(tmp_path, "queries/a.jpg", "pool/1.jpg"))
    with pytest.raises(RecordError, match=r"there is no folder .*pool"):
        load_metu(laid_out(tmp_path / "other", "queries/a1.jpg"))


def test_opposition_counts_what_was_found_similar(tmp_path: Path) -> None:
    pairs = "query_file,earlier_file,outcome\nq.png,a.png,similar\nq.png,b.png,dissimilar\nr.png,c.png,0\n"
    truth = load_opposition(laid_out(tmp_path, "q.png", "r.png", "a.png", "b.png", "c.png", pairs_csv=pairs))
    assert [truth.files[query].name for query in truth.queries()] == ["q.png"]
    assert found_by(truth, "q.png") == {"a.png"}
    assert truth.ignored(int(truth.queries()[0])).sum() == 1  # b stays in the gallery and would be wrong
    without = laid_out(tmp_path / "two", "q.png", "a.png", pairs_csv="query_file,earlier_file\nq.png,a.png\n")
    assert found_by(load_opposition(without), "q.png") == {"a.png"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("query_file\nq.png\n", "lacks the columns earlier_file"),
        ("query_file,earlier_file\nq.png,z.png\n", r"names a picture that is not there: .*z\.png"),
        ("query_file,earlier_file,outcome\nq.png,a.png,perhaps\n", "outcome 'perhaps'"),
        ("query_file,earlier_file,outcome\nq.png,a.png,1\nq.png,a.png,0\n", "both outcomes for q.png and a.png"),
        ("query_file,earlier_file,outcome\nq.png,a.png,0\n", "no pair"),
    ],
)
def test_bad_opposition_pairs(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RecordError, match=said):
        load_opposition(laid_out(tmp_path, "q.png", "a.png", pairs_csv=text))


def test_vertag_reads_citations_and_writes_rankings(tmp_path: Path) -> None:
    cited = "query,relevant\n112,7\n112.png,8.jpg\n113,7\n"
    names = ("queries/112.png", "queries/113.png", "gallery/7.jpg", "gallery/8.jpg", "gallery/9.jpg")
    truth = load_vertag(laid_out(tmp_path, *names, relevant_csv=cited))
    assert found_by(truth, "112.png") == {"7.jpg", "8.jpg"}
    assert truth.ignored(0).tolist() == [True, True, False, False, False]  # applications are not in the gallery
    placings = place_rankings(truth, [(0, np.array([4, 1, 2])), (1, np.array([2]))])
    assert placings.ranked.tolist() == [3, 3]
    write_rankings(tmp_path / "out.csv", truth, placings)
    with (tmp_path / "out.csv").open(newline="") as lines:
        assert list(csv.reader(lines)) == [
            ["query", "rank", "candidate"],
            ["112", "1", "9"],
            ["112", "2", "7"],
            ["113", "1", "7"],
        ]
    (tmp_path / "relevant.csv").write_text("query,relevant\n112,77\n")
    with pytest.raises(RecordError, match=r"names '77', and .*gallery has no such picture"):
        load_vertag(tmp_path)
    (tmp_path / "relevant.csv").write_text("query,relevant\n112,7\n")
    (tmp_path / "gallery" / "7.png").touch()  # 7 could be either
    with pytest.raises(RecordError, match="or several"):
        load_vertag(tmp_path)


def test_rankings_tell_pictures_of_one_name_apart(tmp_path: Path) -> None:
    truth = load_brands(laid_out(tmp_path, index_csv="file,brand\na/x.png,x\nb/x.png,x\nb/y.png,y\n"))
    write_rankings(tmp_path / "out.csv", truth, place_rankings(truth, [(0, np.array([2, 1]))]))
    assert (tmp_path / "out.csv").read_text().splitlines()[1:] == ["a/x.png,1,y", "a/x.png,2,b/x.png"]


def test_a_picture_without_a_brand_is_nobodys_kin(tmp_path: Path) -> None:
    truth = load_brands(laid_out(tmp_path, index_csv="file,brand\na.png,x\nb.png,x\nc.png,\nd.png,\n"))
    assert truth.queries().tolist() == [0, 1]
    assert len(truth) == 4


def marks(folder: Path, *names: str) -> list[Mark]:
    return [
        Mark("t", name, name, (f"0{number + 1}.01",), None, Picture(str(folder / name), "", 1))
        for number, name in enumerate(names)
    ]


def test_variations_of_marks_in_and_outside_the_records(tmp_path: Path) -> None:
    listed = "file,of,change\nv/1.png,A.jpg,redrawn\nc.jpg,b.jpg,turned\n"
    folder = laid_out(tmp_path, "v/1.png", variations_csv=listed)
    truth = load_variations(folder, marks(folder, "a.jpg", "b.jpg", "c.jpg", "d.jpg"))
    assert found_by(truth, "1.png") == {"a.jpg"}
    assert found_by(truth, "b.jpg") == {"c.jpg"}
    assert [truth.files[query].name for query in truth.queries()] == ["b.jpg", "c.jpg", "1.png"]
    assert truth.difficulty_of(truth.queries()) == ("", "turned", "redrawn")
    assert truth.hidden is not None
    assert truth.hidden.tolist() == [False] * 4 + [True]
    assert truth.texts == ("a.jpg", "b.jpg", "c.jpg", "d.jpg", None)
    assert truth.codes is not None
    assert truth.codes[4] == truth.codes[0] == ("01.01",)
    (folder / "variations.csv").write_text("file,of\nv/1.png,a.jpg\na.jpg,b.jpg\nb.jpg,c.jpg\n")
    chained = load_variations(folder, marks(folder, "a.jpg", "b.jpg", "c.jpg", "d.jpg"))
    assert found_by(chained, "1.png") == {"a.jpg", "b.jpg", "c.jpg"}
    assert chained.codes is not None
    assert chained.codes[4] == ("01.01",)  # of the mark that it varies, whatever that varies in turn
    (folder / "variations.csv").write_text(listed)
    with pytest.raises(RecordError, match="no mark with a picture"):
        load_variations(folder, [])
    with pytest.raises(RecordError, match=r"a mark that no record has: A\.jpg"):
        load_variations(folder, marks(folder, "b.jpg"))
    (folder / "v/1.png").unlink()
    with pytest.raises(RecordError, match=r"a picture that is not there: v/1\.png"):
        load_variations(folder, marks(folder, "a.jpg", "b.jpg", "c.jpg"))


@pytest.mark.parametrize("load", [load_brands, load_opposition, load_metu, load_vertag])
def test_a_folder_that_is_not_there(tmp_path: Path, load: Callable[[Path], TruthSet]) -> None:
    with pytest.raises(RecordError):
        load(tmp_path / "nowhere")


def test_a_folder_of_no_known_kind(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no truth set that is known") as told:
        recognised(tmp_path)
    assert "--kind changed" in (told.value.hint or "")
    with pytest.raises(RecordError, match="there is no folder"):
        recognised(tmp_path / "nowhere")
    for file, kind in (("index.csv", "brands"), ("pairs.csv", "opposition"), ("relevant.csv", "vertag")):
        (tmp_path / file).touch()
        assert recognised(tmp_path) == kind
        (tmp_path / file).unlink()
