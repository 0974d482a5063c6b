"""The main job over real logos, asked through all three front doors."""

from __future__ import annotations

import io
import json
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pytest
from litestar.testing import TestClient
from pgvector import HalfVector
from PIL import Image

from logosim.api.app import create_app
from logosim.demo.corpus import picture_bytes
from logosim.demo.query import DemoQuery, variations
from logosim.domain.features import Features
from logosim.domain.mark import mark_id
from logosim.domain.query import Query
from logosim.runtime import Runtime
from logosim.store.search import SearchStore


@pytest.fixture(scope="module")
def queries(indexed: Any) -> list[DemoQuery]:
    return list(islice(variations(indexed.corpus.marks, 10, seed=5), 10))


@pytest.fixture
def client(runtime: Runtime) -> Any:
    with TestClient(create_app(runtime, require_key=False), base_url="http://127.0.0.1") as opened:
        yield opened


def test_ingesting_again_changes_nothing(indexed: Any) -> None:
    done = indexed.run("ingest", indexed.corpus.folder, "--source", "demo")
    assert done.returncode == 0, done.stderr
    assert "0 new, 0 changed, 60 unchanged, 0 rejected; 0 queued" in done.stdout


def test_changed_logos_find_the_mark_they_were_made_from(runtime: Runtime, queries: list[DemoQuery]) -> None:
    first = [runtime.pipeline.by_picture(query.picture, k=5).hits[0].file for query in queries]
    found = sum(file == query.expected.file for file, query in zip(first, queries, strict=True))
    assert found >= 9


def test_the_same_picture_is_identical(indexed: Any, runtime: Runtime) -> None:
    mark = next(mark for mark in indexed.corpus.marks if mark.text and mark.lockup.plate is None)
    best = runtime.pipeline.by_picture(picture_bytes(mark), text=mark.text, vienna_codes=mark.vienna_codes).hits[0]
    assert (best.file, best.risk) == (mark.file, "identical")
    assert best.score == pytest.approx(1, abs=0.02)
    assert {item.channel for item in best.evidence} == {"look", "shape", "sound", "spelling", "vienna"}


def test_contributions_add_up_and_absent_channels_are_left_out(indexed: Any, runtime: Runtime) -> None:
    mark = indexed.corpus.marks[0]
    answer = runtime.pipeline.by_picture(picture_bytes(mark), text="Acme", k=60)
    for hit in answer.hits:
        assert sum(item.contribution for item in hit.evidence) == pytest.approx(hit.score, abs=1e-6)
        assert all(item.weight == 1 for item in hit.evidence)
        if hit.text is None:
            assert not {"sound", "spelling"} & {item.channel for item in hit.evidence}
    assert any(hit.text is None for hit in answer.hits)


def test_a_name_that_sounds_alike_is_found(indexed: Any) -> None:
    mark = next(mark for mark in indexed.corpus.marks if mark.text and mark.text.isalpha() and len(mark.text) > 6)
    asked = mark.text.lower().replace("c", "k").replace("i", "y")
    done = indexed.run("text", asked, "--k", "3", "--json")
    assert json.loads(done.stdout)["hits"][0]["text"] == mark.text, done.stderr


def test_command_line_rest_and_sql_give_the_same_answer(
    indexed: Any, client: Any, runtime: Runtime, queries: list[DemoQuery], tmp_path: Path
) -> None:
    picture = tmp_path / "query.png"
    picture.write_bytes(queries[0].picture)
    years = ["--year", "2000:2015", "--vienna", "27.5", "--vienna-none", "29.1.2,26"]
    cli = json.loads(indexed.run("search", picture, "--k", "10", "--json", *years).stdout)
    rest = client.post(
        "/v1/search",
        files={"picture": ("query.png", queries[0].picture)},
        data={"k": "10", "year": "2000:2015", "vienna": "27.05", "vienna_none": ["29.01.02", "26"]},
    ).json()
    assert [hit["mark_id"] for hit in cli["hits"]] == [hit["mark_id"] for hit in rest["hits"]]
    assert [hit["score"] for hit in cli["hits"]] == pytest.approx([hit["score"] for hit in rest["hits"]], abs=1e-5)
    assert all(2000 <= hit["year"] <= 2015 and "27.05.01" in hit["vienna_codes"] for hit in rest["hits"])
    assert not any(code == "29.01.02" or code.startswith("26") for hit in rest["hits"] for code in hit["vienna_codes"])


def test_regions_of_a_page_find_the_logos_in_them(indexed: Any, client: Any, tmp_path: Path) -> None:
    marks = [mark for mark in indexed.corpus.marks if mark.text and mark.lockup.plate is None][:2]
    logos = [Image.open(io.BytesIO(picture_bytes(mark))).convert("RGB") for mark in marks]
    page = Image.new("RGB", (sum(logo.width for logo in logos), max(logo.height for logo in logos)), "white")
    regions, left = [], 0
    for logo in logos:
        page.paste(logo, (left, 0))
        regions.append(f"{left},0,{logo.width},{logo.height}")
        left += logo.width
    page.save(tmp_path / "page.png")
    logos[1].save(tmp_path / "alone.png")
    both = [option for region in regions for option in ("--region", region)]
    found = json.loads(indexed.run("search", tmp_path / "page.png", "--json", *both).stdout)["hits"]
    assert {(hit["file"], hit["region"]) for hit in found[:2]} == {(mark.file, n) for n, mark in enumerate(marks, 1)}
    assert len({hit["mark_id"] for hit in found}) == len(found) == 20
    part = json.loads(indexed.run("search", tmp_path / "page.png", "--json", "--region", regions[1]).stdout)["hits"]
    alone = json.loads(indexed.run("search", tmp_path / "alone.png", "--json").stdout)["hits"]
    assert [(hit["mark_id"], hit["score"]) for hit in part] == [(hit["mark_id"], hit["score"]) for hit in alone]
    files = {"picture": ("page.png", (tmp_path / "page.png").read_bytes())}
    rest = client.post("/v1/search", files=files, data={"region": regions}).json()["hits"]
    assert [hit["mark_id"] for hit in rest] == [hit["mark_id"] for hit in found]
    beyond = client.post("/v1/search", files=files, data={"region": f"1,0,{page.width},1"})
    assert beyond.status_code == 422
    assert beyond.json()["detail"].endswith(f"beyond the picture of {page.width} x {page.height}.")


def test_stage_one_of_the_api_is_stage_one_of_sql(indexed: Any, runtime: Runtime, queries: list[DemoQuery]) -> None:
    (features,) = runtime.extractor.extract([queries[1].picture])
    assert isinstance(features, Features)
    ours = SearchStore(runtime.pool).candidates(Query(features, queries[1].name))
    with psycopg.connect(indexed.settings.database_url) as connection:
        connection.execute("set role logosim_analyst")
        theirs = connection.execute(
            "select mark_id, found_by, look_distance, complete from logosim.candidates(%s::text::public.halfvec, %s)",
            (HalfVector(features.embedding).to_text(), queries[1].name),
        ).fetchall()
    assert [(c.mark_id, list(c.channels)) for c in ours.candidates] == [(row[0], row[1]) for row in theirs]
    distances = [1 - (c.cosine or 0) for c in ours.candidates]
    assert distances == pytest.approx([row[2] for row in theirs], abs=1e-5)
    assert all(row[3] for row in theirs)


def test_a_stored_mark_finds_others_but_not_itself(indexed: Any, client: Any) -> None:
    asked = mark_id("demo", indexed.corpus.marks[3].file)
    cli = json.loads(indexed.run("similar", str(asked), "--k", "5", "--json").stdout)
    rest = client.get(f"/v1/marks/{asked}/similar", params={"k": 5}).json()
    assert [hit["mark_id"] for hit in cli["hits"]] == [hit["mark_id"] for hit in rest["hits"]]
    assert len(rest["hits"]) == 5
    assert str(asked) not in {hit["mark_id"] for hit in rest["hits"]}


def test_a_mark_and_its_picture_are_served(indexed: Any, client: Any) -> None:
    mark = indexed.corpus.marks[0]
    asked = mark_id("demo", mark.file)
    assert client.get(f"/v1/marks/{asked}").json()["file"] == mark.file
    image = client.get(f"/v1/marks/{asked}/image")
    assert image.headers["content-type"] == "image/jpeg"
    assert image.content == (indexed.corpus.folder / "images" / mark.picture_name).read_bytes()


def test_the_server_says_that_it_is_ready(client: Any) -> None:
    assert client.get("/health/ready").status_code == 200
    assert client.get("/v1/work").json()["queued"] == 0
    assert "logosim_" in client.get("/metrics").text


def test_marks_sent_over_rest_are_found_after_a_worker_ran(indexed: Any, client: Any, queries: list[DemoQuery]) -> None:
    records = [
        {"file": "sent.png", "text": "Zwillingsbrunn", "vienna_codes": "05.05.20", "year": "2020"},
        {"file": "absent.png", "text": "No picture", "vienna_codes": [], "year": "2020"},
    ]
    sent = client.post(
        "/v1/marks",
        data={"source": "sent"},
        files=[
            ("records", ("records.json", json.dumps(records), "application/json")),
            ("pictures", ("sent.png", queries[2].picture, "image/png")),
        ],
    )
    assert sent.status_code == 202, sent.text
    assert (sent.json()["inserted"], sent.json()["rejected_count"]) == (1, 1)
    assert indexed.run("worker", "--until-empty", "--processes=1").returncode == 0
    found = client.post("/v1/search/text", json={"text": "Zwilingsbrun", "source": ["sent"]}).json()
    assert [hit["text"] for hit in found["hits"]] == ["Zwillingsbrunn"]


def test_a_plain_square_finds_itself(indexed: Any, runtime: Runtime, tmp_path: Path) -> None:
    page = Image.new("RGB", (160, 160), "white")
    page.paste("black", (40, 40, 120, 120))
    (tmp_path / "images").mkdir()
    page.save(tmp_path / "images" / "square.png")
    record = {"file": "square.png", "text": None, "vienna_codes": "26.04.01", "year": "2001"}
    (tmp_path / "output_2001.json").write_text(json.dumps([record]))
    assert indexed.run("ingest", tmp_path, "--source", "square").returncode == 0
    assert indexed.run("worker", "--until-empty", "--processes=1").returncode == 0
    best = runtime.pipeline.by_picture((tmp_path / "images" / "square.png").read_bytes()).hits[0]
    assert (best.file, best.risk) == ("square.png", "identical")
