"""A comparison as one paragraph that can be read aloud to someone who knows nothing of how it was made."""

from __future__ import annotations

from collections.abc import Sequence

from logosim.domain.explanation import (
    AbsentChannel,
    ComparedMark,
    FigurePlace,
    ShapeExplanation,
    ViennaExplanation,
    in_hundred,
)
from logosim.domain.hit import ChannelEvidence, Hit
from logosim.search.vienna_overlap import FORMAL_CATEGORIES, shared_codes
from logosim.search.wording import degree, listed

_RISK = {
    "identical": "as far as they can be compared, they are the same",
    "high": "the risk of confusion is high",
    "medium": "the risk of confusion is medium",
    "low": "the risk of confusion is low",
}
_FOUND = ((0.9, "nearly all"), (0.65, "most"), (0.4, "about half"), (0.0, "a part"))
_LITTLE = 0.15  # value of the shape channel that pictures without a common figure reach as well
_SIZES = {0.5: "half as large", 2.0: "twice as large"}
_REASON = {
    "look": "how the pictures look as a whole",
    "shape": "what of the one picture is found in the other",
    "sound": "how the names sound",
    "spelling": "how the names are spelt",
    "vienna": "what both marks show",
}
_HEADINGS_NAMED = 3
_WORTH_NAMING = 0.05  # of the score: what speaks against a confusion by less is not named


def summary(
    first: ComparedMark,
    other: ComparedMark,
    hit: Hit,
    absent: Sequence[AbsentChannel],
    shape: ShapeExplanation | None,
    vienna: ViennaExplanation | None,
    *,
    apart: bool = False,
) -> str:
    """The paragraph: the two marks and the score, each channel in words, what weighed most, what was left out.

    `apart`: a figure that stands apart in the first picture was compared, not the whole of it.
    """
    values = {item.channel: item.value for item in hit.evidence if item.weight > 0}
    sentences = [
        f"{_first(first)} is compared with {_other(other)}.",
        f"The probability of a confusion is put at {in_hundred(hit.score)}: {_RISK[hit.risk]}.",
    ]
    if "look" in values:
        sentences += [item.sentence for item in hit.evidence if item.channel == "look"]
    if "shape" in values and shape:
        sentences.append(_shape(shape, values["shape"], apart))
    sentences += _names(values, hit.evidence, first, other)
    if "vienna" in values and vienna:
        sentences.append(_vienna(vienna))
    sentences += _weightiest(hit.evidence, apart)
    sentences += dict.fromkeys(channel.reason for channel in absent)
    return " ".join(sentences)


def _first(mark: ComparedMark) -> str:
    if mark.text:
        return f"“{mark.text}”"
    return "A picture without a name" if mark.mark_id is None else "A mark without a name"


def _other(mark: ComparedMark) -> str:
    named = f"the earlier mark “{mark.text}”" if mark.text else "an earlier mark without a name,"
    return f"{named} of {mark.year}" if mark.year else named.rstrip(",")


def _shape(shape: ShapeExplanation, value: float, apart: bool) -> str:
    shown = "a part of the first picture that stands apart in it" if apart else "what the first picture shows"
    if shape.place is None or value < _LITTLE:
        return f"{'Hardly anything' if shape.place else 'Nothing'} of {shown} is found in the other."
    share = len(shape.matches) / shape.parts
    amount = next(words for bound, words in _FOUND if share >= bound)
    mirrored = ", as in a mirror" if shape.place.mirrored else ""
    where = mirrored if apart else f", {_place(shape.place)}"  # a place in a figure's own square says nothing
    return f"Of {shown}, {amount} is found in the other{where}."


def _place(place: FigurePlace) -> str:
    if place == FigurePlace(1.0, False, 0, 0):
        return "in the same place and size"
    down = ("further up", "", "further down")[(place.down > 0) - (place.down < 0) + 1]
    right = ("further left", "", "further right")[(place.right > 0) - (place.right < 0) + 1]
    size = "" if place.scale == 1 else _SIZES.get(place.scale, "smaller" if place.scale < 1 else "larger")
    return listed([words for words in ("as in a mirror" if place.mirrored else "", size, down, right) if words])


def _names(
    values: dict[str, float], evidence: Sequence[ChannelEvidence], first: ComparedMark, other: ComparedMark
) -> list[str]:
    """One sentence for both channels; of names of several words each has its own, which may be about a word."""
    if any(" " in (mark.normalised_text or "") for mark in (first, other)):
        return [item.sentence for item in evidence if item.channel in ("sound", "spelling") and item.channel in values]
    said = [
        f"{verb} {degree(values[channel])}"
        for channel, verb in (("sound", "sound"), ("spelling", "are spelt"))
        if channel in values
    ]
    return [f"The names {listed(said)}."] if said else []


def _vienna(vienna: ViennaExplanation) -> str:
    if not vienna.shared:
        return "The registers' codes name nothing that both marks show."
    headings = {shared.code: shared.heading for shared in vienna.shared}
    finest = shared_codes(tuple(headings), tuple(headings))
    things = [code for code in finest if code[:2] not in FORMAL_CATEGORIES]
    named = dict.fromkeys(_nearest(code, headings) for code in things or finest)
    words = [heading for heading in named if heading][:_HEADINGS_NAMED]
    return f"Both show {listed(words)}." if words else "The registers' codes say that both show the same kind of thing."


def _nearest(code: str, headings: dict[str, str | None]) -> str | None:
    """The heading of a code or, where it has none, of the next code above it."""
    while code and headings.get(code) is None:
        code = code.rpartition(".")[0]
    return headings.get(code)


def _weightiest(evidence: Sequence[ChannelEvidence], apart: bool) -> list[str]:
    """What speaks most for a confusion, and what against it, if that is worth a word; nothing of a single channel."""
    weighed = [item for item in evidence if item.weight > 0]
    if len(weighed) < 2:
        return []
    reasons = _REASON | ({"look": "how a part of the first picture looks"} if apart else {})
    most = max(weighed, key=lambda item: item.contribution)
    least = min(weighed, key=lambda item: item.contribution)
    said = []
    if most.evidence > 0:  # where all speaks against, one of them still contributes what little is left
        said.append(f"What speaks most for a confusion is {reasons[most.channel]}.")
    if least.contribution <= -_WORTH_NAMING:
        said.append(f"What speaks most against it is {reasons[least.channel]}.")
    return said
