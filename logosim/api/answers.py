"""What an answer holds: one struct for each resource, and the way to it from the domain's values.

Picture locations on the server's disk never leave it; a link to the picture stands in their place.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from uuid import UUID

from msgspec import Struct

from logosim.domain.asked import KeptPicture
from logosim.domain.hit import Answer, ChannelEvidence, Hit, StoredMark
from logosim.domain.ingest import IngestReport


class Links(Struct, frozen=True, rename={"itself": "self"}):
    """Where more about a mark stands."""

    itself: str
    image: str
    similar: str


class Evidence(Struct, frozen=True):
    """What one channel says about one hit."""

    channel: str
    value: float  # 0..1
    weight: float  # as given; 1: as learnt
    evidence: float  # what it adds to the log odds of a confusion, in nats; below 0 it speaks against one
    contribution: float  # to the score; those of one hit add up to it; below 0 it takes away from it
    sentence: str


class RankedMark(Struct, frozen=True):
    """An earlier mark with its score and the reasons for it."""

    rank: int  # from 1
    score: float  # 0..1, probability of a confusion if the weights are 1 and one candidate in a thousand is confusable
    risk: str  # identical, high, medium or low
    mark_id: UUID
    source: str
    file: str
    text: str | None
    vienna_codes: list[str]
    year: int | None
    found_by: list[str]  # look, spelling, sound
    region: int | None  # which `region` of the query, from 1, it is most like; null: the whole picture was asked
    evidence: list[Evidence]
    links: Links


class SearchAnswer(Struct, frozen=True):
    """Hits, best first, and how they were found."""

    hits: list[RankedMark]
    model: str | None  # null: none is active, which a search by name can do without
    query_text: str | None  # the name that was compared, given or read from the picture
    route: str  # hnsw, coarse, exact or name
    candidates: int  # marks that were compared closely; of several regions, all together
    passed: int | None  # marks that pass the filter; null without a filter or where nothing was found
    complete: bool  # true: every passing mark was compared by look; false: nearly all of the nearest were found
    timings_ms: dict[str, float]


class QueryHandle(Struct, frozen=True):
    """A picture that was handed in to be asked about, and how to."""

    handle: UUID  # for `handle` of POST /v1/search and GET /v1/explain, and in SQL
    expires_at: datetime  # from then on the handle is refused
    query_text: str | None  # the name that is compared, given or read from the picture
    regions: int  # 0: the whole picture is searched
    sql: str  # searches with it in SQL


class MarkDetails(Struct, frozen=True):
    """A stored mark."""

    mark_id: UUID
    source: str
    file: str
    text: str | None
    vienna_codes: list[str]
    year: int | None
    picture_sha256: str
    width: int | None  # pixels; null until a worker has seen the picture
    height: int | None
    searchable: bool  # by look: false until a worker has seen the picture
    links: Links


class WorkState(Struct, frozen=True):
    """The work queue by state."""

    queued: int  # wait for a worker
    leased: int  # a worker has them
    dead: int  # failed too often; `logosim work retry` tries again


class RejectedRecord(Struct, frozen=True):
    """A record that was not taken in, and why."""

    file: str  # where it stood: "records", or the name of a picture that could not be placed
    line: int | None  # line of the records it starts on, from 1; null for a picture
    record: int | None  # its number among the records, from 1; null for a picture
    reason: str  # kebab-case name, such as picture-missing
    detail: str


class BatchReport(Struct, frozen=True):
    """What came of a batch: every record was inserted, updated, unchanged or rejected."""

    read: int
    inserted: int
    updated: int
    unchanged: int
    queued: int  # marks whose pictures a worker now has to see; GET /v1/work tells how many are left
    rejected_count: int
    rejected_by_reason: dict[str, int]
    rejected: list[RejectedRecord]  # with reasons; of very many, the first ones


class State(Struct, frozen=True):
    """Whether the server is there or ready."""

    status: str


class ProblemKind(Struct, frozen=True):
    """One type of problem this server answers with."""

    type: str
    title: str
    status: int
    hint: str | None


def links_of(mark_id: UUID) -> Links:
    """Links of a mark, as paths on this server."""
    own = f"/v1/marks/{mark_id}"
    return Links(itself=own, image=f"{own}/image", similar=f"{own}/similar")


def search_answer(answer: Answer) -> SearchAnswer:
    """The answer to a search on the wire."""
    return SearchAnswer(
        hits=[_ranked_mark(hit) for hit in answer.hits],
        model=answer.model,
        query_text=answer.query_text,
        route=answer.route,
        candidates=answer.candidates,
        passed=answer.passed,
        complete=answer.complete,
        timings_ms=answer.timings_ms,
    )


def query_handle(kept: KeptPicture) -> QueryHandle:
    """A picture that was kept on the wire."""
    return QueryHandle(kept.handle, kept.expires_at, kept.query_text, kept.regions, kept.sql)


def mark_details(mark: StoredMark) -> MarkDetails:
    """A stored mark on the wire."""
    return MarkDetails(
        mark_id=mark.mark_id,
        source=mark.source,
        file=mark.file,
        text=mark.text,
        vienna_codes=list(mark.vienna_codes),
        year=mark.year,
        picture_sha256=mark.picture_sha256,
        width=mark.width,
        height=mark.height,
        searchable=mark.embedding is not None,
        links=links_of(mark.mark_id),
    )


def batch_report(report: IngestReport) -> BatchReport:
    """An ingestion report on the wire."""
    return BatchReport(
        read=report.read,
        inserted=report.inserted,
        updated=report.updated,
        unchanged=report.unchanged,
        queued=report.queued,
        rejected_count=report.rejected_count,
        rejected_by_reason=dict(report.rejected_by_reason),
        rejected=[
            RejectedRecord(
                file=PurePath(rejection.path).name,
                line=rejection.line,
                record=rejection.record,
                reason=rejection.reason,
                detail=rejection.detail,
            )
            for rejection in report.rejected
        ],
    )


def _ranked_mark(hit: Hit) -> RankedMark:
    return RankedMark(
        rank=hit.rank,
        score=hit.score,
        risk=hit.risk,
        mark_id=hit.mark_id,
        source=hit.source,
        file=hit.file,
        text=hit.text,
        vienna_codes=list(hit.vienna_codes),
        year=hit.year,
        found_by=list(hit.found_by),
        region=hit.region,
        evidence=[_evidence(item) for item in hit.evidence],
        links=links_of(hit.mark_id),
    )


def _evidence(item: ChannelEvidence) -> Evidence:
    return Evidence(item.channel, item.value, item.weight, item.evidence, item.contribution, item.sentence)
