"""Why two marks are alike: what each channel found, with the material it found it in.

The first mark is the one that is asked about, the other the earlier one. The values hold nothing of the server (no
paths), so that the command line and REST write them out as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from logosim.domain.features import RgbImage
from logosim.domain.hit import ChannelEvidence
from logosim.domain.rectangle import Rectangle
from logosim.domain.vienna import ViennaLevel


def in_hundred(score: float) -> str:
    """A score in words, never quite certain: "37 in 100", "more than 99 in 100"."""
    count = round(100 * score)
    if 0 < count < 100:
        return f"{count} in 100"
    return "more than 99 in 100" if count else "less than 1 in 100"


@dataclass(frozen=True, slots=True)
class ComparedMark:
    """One of the two marks."""

    mark_id: UUID | None  # None: a picture that is not stored
    source: str | None
    file: str | None
    text: str | None  # the name that was compared: given, read from the picture, or of the record
    normalised_text: str | None  # the same as its spelling is compared: words of a-z and 0-9
    vienna_codes: tuple[str, ...]
    year: int | None
    width: int | None  # of the picture as it was read now, pixels; None where it could not be read
    height: int | None
    picture_problem: str | None  # why nothing can be shown in the picture; None: it can


@dataclass(frozen=True, slots=True)
class AbsentChannel:
    """A channel that could not be compared. It counts for nothing, neither for likeness nor against it."""

    channel: str
    reason: str  # a sentence


@dataclass(frozen=True, slots=True)
class FigurePlace:
    """Where the first figure lies in the other picture, on the grid of patches."""

    scale: float  # 0.5: at half its size
    mirrored: bool  # left and right exchanged
    down: int  # patches; negative: up
    right: int  # patches; negative: left


@dataclass(frozen=True, slots=True)
class MatchedPatch:
    """A patch of the first picture and the patch of the other that shows the same."""

    number: int  # from 1, the strongest match first
    strength: float  # 0..1
    cell: tuple[int, int]  # row and column on the grid of patches, from the top left
    other_cell: tuple[int, int]
    rectangle: Rectangle | None  # in the first picture as decoded; None where that picture cannot be read
    other_rectangle: Rectangle | None


@dataclass(frozen=True, slots=True)
class ShapeExplanation:
    """Which parts of the first figure were found in the other, and where."""

    place: FigurePlace | None  # None: nothing was found
    parts: int  # patches of the first picture that show something
    matches: tuple[MatchedPatch, ...]  # strongest first


@dataclass(frozen=True, slots=True)
class AnsweringSounds:
    """Sounds of the two names that answer each other; "" where one has nothing for it."""

    one: str  # IPA
    other: str
    one_written: str  # the same in plain letters: "sh" for ʃ
    other_written: str
    score: float  # ALINE's; 0 for sounds outside the best alignment
    agreement: str  # "same", "similar", "different", or "missing" where one name has nothing


@dataclass(frozen=True, slots=True)
class SpokenComparison:
    """The two names as one kind of reader says them."""

    profile: str  # "en", "de" or "ro"
    read_as: str  # the same for a person: "English"
    one: str  # IPA
    other: str
    similarity: float  # 0..1, of the whole names; their mean is the channel's value unless words correct it
    sounds: tuple[AnsweringSounds, ...]  # both names from beginning to end, of very long ones the first 100 characters


@dataclass(frozen=True, slots=True)
class AnsweringWords:
    """A word of the first name and the word of the other that it is most like."""

    one: str  # as spelling compares it: a-z and 0-9
    other: str
    similarity: float  # 0..1
    weight: float  # how distinctive the word is: 1 where no name of the register has it
    other_weight: float


@dataclass(frozen=True, slots=True)
class SpellingExplanation:
    """How alike the names are written; the value of the channel for names of one word is the mean of both measures.

    For names of several words it is the larger of `by_words` and of that mean less `excess`.
    """

    jaro_winkler: float  # 0..1: the same letters in the same order, the beginning weighing more
    trigram: float  # 0..1: groups of three letters that both have
    shared_trigrams: tuple[str, ...]
    by_words: float | None = None  # 0..1, with distinctive words weighing more; None where each name is one word
    excess: float = 0.0  # what the mean owes to words that distinguish little
    words: tuple[AnsweringWords, ...] = ()  # of the first name in order; empty where each name is one word


@dataclass(frozen=True, slots=True)
class HeadedCode:
    """A Vienna code with its heading."""

    code: str
    level: ViennaLevel
    heading: str | None  # None: the database knows none; sections have one once an official list was imported


@dataclass(frozen=True, slots=True)
class ViennaExplanation:
    """What the marks show according to their Vienna codes."""

    shared: tuple[HeadedCode, ...]  # of every level, in order of code
    only_first: tuple[HeadedCode, ...]  # codes that the other does not carry, at any level
    only_other: tuple[HeadedCode, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Two marks held against each other: the score and risk of a search hit, and all that is behind them."""

    first: ComparedMark
    other: ComparedMark
    score: float  # 0..1; that of the other as a hit of a search for the first
    risk: str  # "identical", "high", "medium" or "low"
    summary: str  # a paragraph that can be read aloud
    model: str | None  # name of the active model; None: none is active
    evidence: tuple[ChannelEvidence, ...]  # contributions add up to the score
    absent: tuple[AbsentChannel, ...]
    shape: ShapeExplanation | None  # None, as the others, where the channel is absent
    sound: tuple[SpokenComparison, ...]  # one for each way of reading; empty where the channel is absent
    spelling: SpellingExplanation | None
    vienna: ViennaExplanation | None
    region: int | None = None  # which region of a picture that was kept is compared, from 1; None: the whole


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """An explanation, and the two pictures it speaks of."""

    explanation: Explanation
    pictures: tuple[RgbImage | None, RgbImage | None]  # as decoded; None where one cannot be read
