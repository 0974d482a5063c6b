"""A new picture handed in once and asked about by its handle, through every door, over real logos."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from litestar.testing import TestClient
from PIL import Image

from logosim.api.app import create_app
from logosim.demo.query import variations
from logosim.domain.hit import Answer
from logosim.domain.mark import mark_id
from logosim.domain.query import Filter, Weights
from logosim.domain.rectangle import Rectangle
from logosim.runtime import Runtime
from logosim.search.pipeline import understood


@pytest.fixture
def client(runtime: Runtime) -> Any:
    with TestClient(create_app(runtime, require_key=False), base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.fixture(scope="module")
def query(indexed: Any) -> Any:
    """A logo as a confusable later mark would show it, and the mark it was made from."""
    (found,) = islice(variations(indexed.corpus.marks, 1, seed=5), 1)
    return found


def regions_of(data: bytes) -> tuple[Rectangle, ...]:
    width, height = Image.open(io.BytesIO(data)).size
    return Rectangle(0, 0, width // 2, height), Rectangle(width // 4, 0, width, height)


def untimed(answer: Answer) -> Answer:
    return replace(answer, timings_ms={})


@pytest.mark.parametrize("in_regions", [False, True])
@pytest.mark.parametrize("text", [None, "", "Phildor"])
def test_a_handle_gives_the_answer_that_the_picture_gives(
    runtime: Runtime, query: Any, in_regions: bool, text: str | None
) -> None:
    asked: dict[str, Any] = {
        "text": text,
        "vienna_codes": ("27.05.01", "26.04"),
        "regions": regions_of(query.picture) if in_regions else (),
    }
    kept = runtime.pipeline.remember(query.picture, **asked)
    for how in (
        {"k": 60},
        {"k": 20, "expand": 5},
        {"k": 7, "filter": Filter(vienna_any=("27",)), "weights": Weights(look=1, shape=1, sound=0)},
    ):
        by_picture = runtime.pipeline.by_picture(query.picture, **asked, **how)
        by_handle = runtime.pipeline.by_handle(kept.handle, **how)
        assert by_picture.hits
        assert untimed(by_handle) == untimed(by_picture)
    if text != "":
        assert kept.query_text


def test_sql_finds_what_stage_1_finds(runtime: Runtime, query: Any) -> None:
    asked = understood(runtime.extractor, query.picture, "", (), regions_of(query.picture))
    parts = [replace(part, features=replace(part.features, figures=())) for part in asked.parts]  # SQL asks without
    kept = runtime.query_pictures.remember(replace(asked, parts=tuple(parts)))
    alone = Weights(look=1, shape=0, sound=0, spelling=0, vienna=0)
    answer = runtime.pipeline.by_handle(kept.handle, weights=alone, k=1000)
    with runtime.pool.connection() as connection:
        rows = connection.execute(
            "select mark_id, region, best from logosim.similar_to(%s, k => 1000)", (kept.handle,)
        ).fetchall()
    found = {mark: (region, max(best, 0)) for mark, region, best in rows}
    assert {region for region, _ in found.values()} == {1, 2}
    curve = runtime.calibrations.of(answer.model)["look"]
    for hit in answer.hits:
        region, best = found[hit.mark_id]
        value, said = next((item.value, item.evidence) for item in hit.evidence if item.channel == "look")
        assert said == pytest.approx(float(curve.of(np.array(best))), abs=1e-3)
        if region == hit.region:
            assert value == pytest.approx(best, abs=1e-6)
        else:  # where the curve is level, the search keeps the first of the regions that say as much
            assert hit.region < region


def test_all_doors_keep_and_answer_the_same(indexed: Any, runtime: Runtime, client: Any, query: Any) -> None:
    expected = mark_id("demo", query.expected.file)
    picture = {"picture": ("logo.png", query.picture, "image/png")}
    form = {"text": query.name, "codes": "27.5.1", "k": "10"}
    by_picture = client.post("/v1/search", files=picture, data=form).json()
    kept = client.post("/v1/queries", files=picture, data={"text": query.name, "codes": "27.5.1"})
    assert kept.status_code == 201, kept.text
    handle = kept.json()["handle"]
    by_handle = client.post("/v1/search", files={"handle": (None, handle), "k": (None, "10")})
    assert by_handle.status_code == 200, by_handle.text
    assert by_handle.json()["hits"] == by_picture["hits"]
    assert by_handle.json()["query_text"] == by_picture["query_text"] == kept.json()["query_text"]
    with runtime.pool.connection() as connection:  # the statement that was answered can be run as it is
        rows = connection.execute(kept.json()["sql"].encode()).fetchall()
    assert [str(row[1]) for row in rows][:10] == [hit["mark_id"] for hit in by_picture["hits"]]

    pair = {"handle": handle, "other": str(expected)}
    explained = client.get("/v1/explain", params=pair)
    assert explained.status_code == 200, explained.text
    (score,) = [hit["score"] for hit in by_picture["hits"] if hit["mark_id"] == str(expected)]
    assert explained.json()["score"] == pytest.approx(score, abs=1e-9)
    wanted = runtime.comparison.of_picture(query.picture, expected, text=query.name, vienna_codes=("27.05.01",))
    assert explained.json()["shape"]["matches"][0]["rectangle"] is not None
    assert explained.json()["summary"] == wanted.explanation.summary
    drawn = client.get("/v1/explain/picture", params=pair)
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(drawn.content)).width > 900


def test_the_command_line_keeps_what_it_searches_with(
    indexed: Any, runtime: Runtime, query: Any, tmp_path: Path
) -> None:
    picture = tmp_path / "logo.png"
    picture.write_bytes(query.picture)
    plain = indexed.run("search", picture, "--k", "5", "--json")
    kept = indexed.run("search", picture, "--k", "5", "--json", "--keep")
    assert (plain.returncode, kept.returncode) == (0, 0), kept.stderr
    found = json.loads(kept.stdout)
    assert found["hits"] == json.loads(plain.stdout)["hits"]
    assert set(found) - set(json.loads(plain.stdout)) == {"handle", "expires_at"}
    again = runtime.pipeline.by_handle(UUID(found["handle"]), k=5)
    assert [str(hit.mark_id) for hit in again.hits] == [hit["mark_id"] for hit in found["hits"]]
    assert runtime.query_pictures.picture(UUID(found["handle"])) == query.picture
    told = indexed.run("search", picture, "--k", "5", "--keep")
    assert told.returncode == 0, told.stderr
    assert "from logosim.search('" in told.stdout
    assert "Kept until" in told.stdout


def test_all_doors_agree_on_a_mark_that_is_a_separate_figure_of_the_picture(
    indexed: Any, runtime: Runtime, client: Any
) -> None:
    """A mark set beside two bars into a larger picture, which as a whole looks like nothing."""
    mark = next(of for of in indexed.corpus.marks if of.text is None)
    drawn = Image.open(indexed.corpus.folder / "images" / mark.picture_name).convert("RGB").resize((300, 300))
    page = Image.new("RGB", (1200, 900), "white")
    page.paste(drawn, (850, 40))
    page.paste("black", (20, 500, 700, 640))
    page.paste("black", (20, 720, 1180, 860))
    stream = io.BytesIO()
    page.save(stream, "PNG")
    data, other = stream.getvalue(), mark_id("demo", mark.file)
    answer = runtime.pipeline.by_picture(data, text="", k=1000)
    (hit,) = [hit for hit in answer.hits if hit.mark_id == other]
    assert hit.evidence[0].sentence.startswith("A part of the picture that stands apart in it")
    kept = runtime.pipeline.remember(data, text="")
    assert untimed(runtime.pipeline.by_handle(kept.handle, k=1000)) == untimed(answer)
    by_picture = runtime.comparison.of_picture(data, other, text="").explanation
    by_handle = runtime.comparison.of_handle(kept.handle, other).explanation
    assert (by_picture.score, by_picture.risk, by_picture.evidence) == (hit.score, hit.risk, hit.evidence)
    assert by_handle == by_picture
    assert "Of a part of the first picture that stands apart in it" in by_picture.summary
    over_http = client.get("/v1/explain", params={"handle": str(kept.handle), "other": str(other)}).json()
    assert over_http["score"] == pytest.approx(hit.score, abs=1e-12)
    assert [item["contribution"] for item in over_http["evidence"]] == pytest.approx(
        [item.contribution for item in hit.evidence]
    )
