"""What is answered: candidates of stage 1, and hits with their evidence after stage 2."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from logosim.domain.features import FloatArray, PatchArray
from logosim.domain.words import NO_COUNTS, WordCounts

ROUTES = ("hnsw", "coarse", "exact", "name")
"""How stage 1 goes through the marks, as `logosim.candidates` says it: of several ways one answer names the first of
these that was gone."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredMark:
    """A mark as the database holds it, with its features under the active model where they are already there."""

    mark_id: UUID
    source: str
    file: str
    text: str | None  # brand text of the record
    vienna_codes: tuple[str, ...]
    year: int | None
    picture_location: str
    picture_sha256: str
    width: int | None  # of the decoded picture, pixels; None until extracted
    height: int | None
    embedding: FloatArray | None  # float32 [dimensions] of unit length; None until extracted
    patches: PatchArray | None  # int8 [grid, grid, patch_dimensions]; None until extracted
    model_sha256: str | None = None  # of the model that made both


@dataclass(frozen=True, slots=True)
class Candidate:
    """An earlier mark that stage 1 found, with what stage 2 needs to judge it, but the patches of its picture."""

    mark_id: UUID
    source: str
    file: str
    text: str | None
    normalised_text: str | None
    phonemes: str | None  # transcriptions by profile, joined by "|"
    vienna_codes: tuple[str, ...]
    year: int | None
    picture_location: str
    channels: tuple[str, ...]  # which stage-1 channels found it: "look", "spelling", "sound"
    cosine: float | None  # -1..1; None if the query has no picture
    blank: bool | None  # whether its picture shows nothing but lettering; None: nobody has looked at it
    figure_cosines: tuple[float, ...] = ()  # -1..1, to each separate figure of the query; empty: it has none


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """A stored mark that looks like the query."""

    embedding: FloatArray  # float32 [dimensions] of unit length
    cosine: float  # with the query, -1..1


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """Stage 1's answer."""

    model: str | None  # name of the active model as this search saw it; None: none is active
    candidates: tuple[Candidate, ...]
    route: str  # one of ROUTES
    passed: int | None  # marks that pass the filter; None if unfiltered, or too many to be counted
    complete: bool  # True: the exact route, and every picture that passes has been looked at: none can be missing
    words: WordCounts = NO_COUNTS  # counts of all words of the query and the candidates


@dataclass(frozen=True, slots=True, eq=False)
class SingleCandidate:
    """A mark that was named, as the candidate that a search would find."""

    candidate: Candidate
    patches: PatchArray | None  # int8 [grid, grid, patch_dimensions]; None: nobody has looked at its picture
    model: str | None  # name of the active model; None: none is active
    words: WordCounts = NO_COUNTS  # counts of all words of the query and the candidate


@dataclass(frozen=True, slots=True)
class ChannelEvidence:
    """What one channel says about one hit."""

    channel: str
    value: float  # raw value, 0..1
    weight: float  # that the user gave the channel; 1: as learnt
    evidence: float  # nats that it adds to the log odds of a confusion, weighted; below 0 it speaks against one
    contribution: float  # to the score; the contributions of one hit add up to it, below 0 it takes away from it
    sentence: str  # for a person


@dataclass(frozen=True, slots=True)
class Hit:
    """An earlier mark with its score and the reasons for it."""

    rank: int  # from 1
    mark_id: UUID
    score: float  # 0..1, probability of a confusion: see logosim.search.score
    risk: str  # "identical", "high", "medium" or "low"
    source: str
    file: str
    text: str | None
    vienna_codes: tuple[str, ...]
    year: int | None
    picture_location: str
    found_by: tuple[str, ...]  # stage-1 channels
    evidence: tuple[ChannelEvidence, ...]
    region: int | None = None  # which region of the query, from 1, it is most like; None: the whole picture was asked

    @property
    def nearness(self) -> tuple[float, float]:
        """What hits are ordered by, larger first: the score, and the summed evidence where scores are as good as 1."""
        return self.score, sum(item.evidence for item in self.evidence)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: the hits and how they were found."""

    hits: tuple[Hit, ...]
    model: str | None  # name of the active model; None: none is active, which a search by name can do without
    query_text: str | None  # the text that was compared, given or read
    route: str
    candidates: int  # how many stage 1 handed to stage 2; of several regions, all together
    passed: int | None
    complete: bool
    timings_ms: dict[str, float]  # by stage, and "total"
