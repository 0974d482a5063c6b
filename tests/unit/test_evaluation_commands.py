"""`logosim evaluate pictures` as a user calls it, on a handful of pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from logosim.cli.circumstances import command
from logosim.cli.describers import ModelDescriber, RememberingReader, described
from logosim.cli.evaluation import evaluate
from logosim.domain.features import FloatArray, RgbImage, TextLine
from logosim.embedding import OnnxEmbedder, bundled, load_artifact
from logosim.errors import InputError, RecordError
from logosim.extract import Extractor
from logosim.imaging import DecodeLimits, decode
from logosim.imaging.sheet import as_png
from logosim.ocr.none import NoReader
from logosim.settings import Settings

from ..drawn_shapes import SHAPES, draw_shapes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three shapes in two colours each."""
    rows = ["file,brand_group,drawing,role,difficulty"]
    for file, shape, number in draw_shapes(tmp_path):
        rows.append(f"{file},{shape},{shape}#{number},main,{'hard' if number else 'easy'}")
    (tmp_path / "index.csv").write_text("\n".join(rows))
    return tmp_path


def run(tmp_path: Path, *arguments: object) -> Result:
    settings = Settings(data_dir=tmp_path / "data", ocr="none", threads=1)
    return CliRunner().invoke(evaluate, [str(argument) for argument in arguments], obj=settings)


def test_a_model_and_a_peer_side_by_side(folder: Path, tmp_path: Path) -> None:
    names = tmp_path / "trained.txt"
    names.write_text("LINE\nsomebody else\n")
    out = tmp_path / "out" / "result.json"
    done = run(tmp_path, "pictures", "--truth", folder, "--peer", "hog", "--leave-out", names, "--json", out)
    assert done.exit_code == 0, done.output
    results = json.loads(out.read_text())["results"]
    assert [result["model"].split()[0] for result in results] == [load_artifact(bundled()).manifest.name, "hog"]
    assert [result["whole"]["queries"] for result in results] == [4, 4]
    assert [result["pictures"] for result in results] == [6, 6]
    assert results[0]["whole"]["metrics"]["R@10"]["mean"] == 1
    assert set(results[0]["by_difficulty"]) == {"easy", "hard"}
    assert "Rows for BENCHMARKS.md" in done.output


def test_names_that_leave_nothing_out_are_said(folder: Path, tmp_path: Path) -> None:
    names = tmp_path / "trained.txt"
    names.write_text("\ufeffLINE\nsomebody else\nLine\n", encoding="utf-8")  # as some editors write it
    done = run(tmp_path, "pictures", "--truth", folder, "--peer", "hog", "--leave-out", names)
    assert done.exit_code == 0, done.output
    assert "2 of 3 names are groups of" in done.stderr
    assert "2 of 6 queries are left out" in done.stderr
    assert "no groups of" in done.stderr
    assert "somebody else." in done.stderr


def test_what_was_measured_before_a_failure_is_kept(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "index.csv").write_text("file,brand\ngone.png,x\nlost.png,x\n")
    out = tmp_path / "result.json"
    done = run(tmp_path, "pictures", "--truth", folder, "--truth", tmp_path / "second", "--json", out)
    assert "2 of 2 pictures of" in str(done.exception)
    assert "gone.png" in str(done.exception)
    assert [result["truth"] for result in json.loads(out.read_text())["results"]] == [folder.name]
    assert "Rows for BENCHMARKS.md" in done.output


def test_places_that_cannot_be_written_are_named_before_anything_is_seen(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for option in ("--json", "--rankings"):
        done = run(tmp_path, "pictures", "--truth", folder, option, tmp_path / "file" / "out")
        assert isinstance(done.exception, InputError)
        assert f"cannot write {tmp_path / 'file' / 'out'}" in str(done.exception)
        assert "seen in" not in done.stderr
    twice = run(tmp_path, "pictures", "--truth", folder, "--truth", folder)
    assert "two truth sets are called" in str(twice.exception)
    drawn = run(tmp_path, "synthesise", tmp_path / "file" / "out", "--logos", "2")
    assert isinstance(drawn.exception, InputError)
    masked = run(tmp_path, "masks", folder, tmp_path / "file" / "sheet.png", "--count", "1")
    assert isinstance(masked.exception, InputError)


def test_a_model_with_and_without_its_text_masked(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    done = run(tmp_path, "pictures", "--truth", folder, "--model", "bundled", "--peer", bundled(), "--json", out)
    assert done.exit_code == 0, done.output
    ours, other = (result["model"] for result in json.loads(out.read_text())["results"])
    assert other == f"{ours}, text left standing"
    same = run(tmp_path, "pictures", "--truth", folder, "--model", "bundled", "--model", bundled())
    assert "would be compared with itself" in str(same.exception)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read"),
        ("mark_a,mark_b,label\nA,B,0\n", "no pair of"),
        ("mark_a,mark_b,label\nA,B\n", "too short"),
    ],
)
def test_name_pairs_that_cannot_be_measured(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "pairs.csv"
    if text is not None:
        file.write_text(text)
    done = run(tmp_path, "names", file)
    assert isinstance(done.exception, RecordError)
    assert said in str(done.exception)


def test_the_command_beside_a_number_names_the_settings_that_decide_it_and_no_password(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, ocr="none", database_url="postgresql://me:secret@host/db")
    assert command(["evaluate", "pictures", "--truth", "my brands"], settings) == (
        "LOGOSIM_OCR=none logosim evaluate pictures --truth 'my brands'"
    )


def test_changed_copies_and_rankings(folder: Path, tmp_path: Path) -> None:
    arguments = ("--kind", "changed", "--copies", "2", "--queries", "5", "--rankings", tmp_path / "ranked")
    done = run(tmp_path, "pictures", "--truth", folder, *arguments)
    assert done.exit_code == 0, done.output
    (file,) = (tmp_path / "ranked").iterdir()
    assert len(file.read_text().splitlines()) == 1 + 5 * 5  # of six; the other logo of its brand is passed over


def test_distractors_of_several_folders_are_drawn_and_never_asked_with(folder: Path, tmp_path: Path) -> None:
    more = [tmp_path / "more", tmp_path / "still" / "more"]
    for number, added in enumerate(more):
        added.mkdir(parents=True)
        for shade in range(3):
            picture = np.full((40, 60, 3), 255, np.uint8)
            picture[8:30, 10 * shade : 10 * shade + 9 + number] = (200, 60 * shade, 90 * number)
            (added / f"{shade}.png").write_bytes(as_png(RgbImage(picture)))
    (more[0] / "broken.gif").write_bytes(b"GIF89a")
    arguments = [part for added in more for part in ("--distractors", added)]
    out = tmp_path / "result.json"
    done = run(tmp_path, "pictures", "--truth", folder, "--kind", "brands", *arguments, "--json", out)
    assert done.exit_code == 0, done.output
    assert "6 of 7 pictures are distractors of" in done.stderr
    assert "1 that cannot be read" in done.stderr
    (result,) = json.loads(out.read_text())["results"]
    assert (result["pictures"], result["whole"]["queries"]) == (12, 6)
    assert result["truth"] == f"{folder.name}, 6 distractors"
    few = run(tmp_path, "pictures", "--truth", folder, *arguments, "--distractor-count", "4", "--json", out)
    assert json.loads(out.read_text())["results"][0]["pictures"] == 10
    assert "Warning" not in few.stderr
    many = run(tmp_path, "pictures", "--truth", folder, *arguments, "--distractor-count", "40")
    assert "Warning: 40 were asked for" in many.stderr


@pytest.mark.parametrize("option", ["--copies=2", "--least-support=0.5"])
def test_an_option_that_says_nothing_about_a_truth_set(folder: Path, tmp_path: Path, option: str) -> None:
    kind = "brands" if option.startswith("--copies") else "changed"
    done = run(tmp_path, "pictures", "--truth", folder, "--kind", kind, option)
    assert isinstance(done.exception, InputError)
    assert f"{option.partition('=')[0]} says nothing about {folder}, a truth set of {kind}" in str(done.exception)


def test_what_cannot_be_compared_is_said(folder: Path, tmp_path: Path) -> None:
    same = run(tmp_path, "pictures", "--truth", folder, "--peer", "hog", "--peer", "hog")
    assert isinstance(same.exception, InputError)
    assert "hog would be compared with itself" in str(same.exception)
    names = tmp_path / "all.txt"
    names.write_text("\n".join(SHAPES))
    nothing = run(tmp_path, "pictures", "--truth", folder, "--leave-out", names)
    assert "has another one to find" in str(nothing.exception)
    (folder / "line-navy.png").write_bytes(b"broken")
    broken = run(tmp_path, "pictures", "--truth", folder)
    assert isinstance(broken.exception, RecordError)
    assert "line-navy.png" in str(broken.exception)


def test_a_model_describes_as_ingestion_does(folder: Path) -> None:
    embedder = OnnxEmbedder(load_artifact(bundled()), threads=1)
    extractor = Extractor(NoReader(), embedder, DecodeLimits())
    files = sorted(folder.glob("*.png"))
    (row,) = [feature.embedding for feature in extractor.extract([files[0].read_bytes()])]  # type: ignore[union-attr]
    vectors = ModelDescriber("ours", extractor).embed([decode(file.read_bytes()) for file in files])
    assert vectors.shape == (6, embedder.manifest.dimensions)
    assert float(vectors[0] @ row) == pytest.approx(1, abs=1e-5)


class CountingReader:
    """Reads one line and counts how often it is asked."""

    name = "counting"

    def __init__(self) -> None:
        self.asked = 0

    def read(self, image: RgbImage) -> tuple[TextLine, ...]:
        """One line as long as the picture is wide."""
        self.asked += 1
        return (TextLine(str(image.shape[1]), 1.0, ((0, 0), (1, 0), (1, 1), (0, 1))),)


def test_a_picture_is_read_once_for_all_models() -> None:
    counting = CountingReader()
    reader = RememberingReader(counting)
    one, other = (RgbImage(np.zeros(shape, np.uint8)) for shape in ((2, 4, 3), (4, 2, 3)))
    assert [reader.read(image)[0].text for image in (one, other, one, other)] == ["4", "2", "4", "2"]
    assert counting.asked == 2
    for width in range(5, 200):
        reader.read(RgbImage(np.zeros((1, width, 3), np.uint8)))
    assert reader.read(one)[0].text == "4"  # forgotten meanwhile, and read again


class Odd:
    """A describer that gives what it was made with."""

    name = "odd"

    def __init__(self, vectors: FloatArray) -> None:
        self.vectors = vectors

    def embed(self, pictures: object) -> FloatArray:
        """The vectors, whatever is shown."""
        return self.vectors


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        (np.ones((5, 1)), r"gives \[5, 1\] for 6 pictures"),
        (np.full((6, 1), np.nan), "no finite numbers"),
        (np.full((6, 2), 1.0), "not of unit length"),
    ],
)
def test_a_describer_that_breaks_its_promise_is_named(folder: Path, vectors: FloatArray, said: str) -> None:
    files = sorted(folder.glob("*.png"))
    with pytest.raises(RecordError, match=f"odd gives.*{said}" if "gives" not in said else f"odd {said}"):
        described([Odd(vectors)], files, DecodeLimits())


def test_names_are_measured_with_the_words_of_a_register(tmp_path: Path) -> None:
    pairs, register = tmp_path / "pairs.csv", tmp_path / "names.txt"
    pairs.write_text("mark_a,mark_b,label\nGOLDEN STORK,STORK,1\nGOLDEN GATE,STARK,0\n", encoding="utf-8")
    register.write_text("\n".join([*(f"Golden Mark{n}" for n in range(50)), "OKAPI", "ZEBRA"]), encoding="utf-8")
    done = run(tmp_path, "names", pairs, "--register", register)
    assert done.exit_code == 0, done.output
    rows = {line[:32].strip(): line[32:].split() for line in done.output.splitlines() if line.strip()}
    assert rows["with words: channel spelling"] == ["1.000", "1.000", "1.000"]
    assert "pronounced by rules, " in done.output
    assert float(rows["spelling"][0]) < 1
    done = run(tmp_path, "names", "--containing", "--register", register, "--queries", "2", "--among", "30")
    assert done.exit_code == 0, done.output
    assert "ranked among 30 names" in done.output
    assert "2 queries" in done.output
    for arguments in ((), ("--containing",), (pairs, "--containing", "--register", register)):
        assert run(tmp_path, "names", *arguments).exit_code == 2
