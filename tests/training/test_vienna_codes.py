"""Vienna codes for icons, by the names of what they show."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.training
pytest.importorskip("torch")

from training.collection import CollectionError, Source, load_collection  # noqa: E402
from training.vienna_codes import main, read_concepts  # noqa: E402

INDEX = (
    "file,concept,source\na/star.png,star,a\nb/big-star.png,star,b\na/star-brand.png,brand:star,a\n"
    "c.png,,c,,beyond the columns\n"
)
CONCEPTS = "concept,keywords,vienna_codes\nstar,star|glowing-star,01.01.02|1.1.99\nsun,sun|star,1.3.1\nsky,sky,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "icons"
    folder.mkdir()
    (folder / "index.csv").write_text(INDEX)
    (tmp_path / "concepts.csv").write_text(CONCEPTS)
    return folder


def test_icons_get_the_codes_of_every_concept_they_are_named_after(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = load_collection([Source(folder)])
    arguments = ["--data", str(folder), "--concepts", str(tmp_path / "concepts.csv")]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "2 of 4 pictures have Vienna codes\n"
    after = load_collection([Source(folder)])
    codes = ("01.01.02", "01.01.99", "01.03.01")
    assert list(after.codes) == [codes, codes, (), ()]  # neither a brand nor what has no name
    assert after.digest() == before.digest()  # a run without a classifier goes on with them
    written = (folder / "index.csv").read_bytes()
    assert written.splitlines()[0] == b"file,concept,source,codes"
    assert main(arguments) == 0
    assert (folder / "index.csv").read_bytes() == written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keywords\nstar\n", "lacks the columns vienna_codes"),
        ("keywords,vienna_codes\nstar,1.1\nsun,one\n", "line 3: Not a Vienna code: 'one'"),
    ],
)
def test_a_table_of_concepts_that_cannot_be_used(folder: Path, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "concepts.csv"
    file.write_text(text)
    with pytest.raises(CollectionError, match=said):
        read_concepts(file)
    assert main(["--data", str(folder), "--concepts", str(file)]) == 1
    assert (folder / "index.csv").read_text() == INDEX
    with pytest.raises(CollectionError, match="cannot read"):
        read_concepts(tmp_path / "none.csv")
