"""`logosim explain`: why two marks are alike."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from uuid import UUID

import rich_click as click
from rich.markup import escape

from logosim.cli.display import console
from logosim.cli.searching import ROLE, read_picture
from logosim.domain.explanation import AnsweringWords, Compared, Explanation, HeadedCode
from logosim.domain.parse import parse_codes, parse_text, parse_weights
from logosim.errors import InputError, PictureError
from logosim.imaging.overlay import overlay
from logosim.imaging.sheet import as_png
from logosim.runtime import Runtime
from logosim.settings import Settings


@click.command(
    epilog="Example: logosim explain logo.png 0d3c1f2e-5a6b-8c7d-9e0f-112233445566 --text ACME --picture why.png"
)
@click.argument("first", metavar="MARK_ID|PICTURE")
@click.argument("other", metavar="OTHER_ID", type=click.UUID)
@click.option("--text", help="The picture's verbal element; unset: what can be read in it. Not for a stored mark.")
@click.option(
    "--codes",
    multiple=True,
    metavar="CODE",
    help="Vienna codes of the picture itself. Not for a stored mark.",
)
@click.option(
    "--weights",
    metavar="LIST",
    help="How much channels count, 0 to 10, such as look=2,sound=0.5; the others keep 1, as learnt.",
)
@click.option(
    "--picture",
    "drawing",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw both marks side by side with what matches outlined, as a PNG file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def explain(
    settings: Settings,
    first: str,
    other: UUID,
    text: str | None,
    codes: tuple[str, ...],
    weights: str | None,
    drawing: Path | None,
    as_json: bool,
) -> None:
    """Explain why a stored mark or a picture file is like the stored mark OTHER_ID.

    The score is the one that OTHER_ID has as a hit of `logosim similar` or `logosim search` without --expand. Beside it
    stand the sounds that answer each other, the measures of spelling and the Vienna codes; with --json or --picture
    also where in the pictures the matching parts lie.
    """
    mark_id = _mark_id(first)
    if mark_id is not None and (text is not None or codes):
        raise click.UsageError("--text and --codes describe a picture; a stored mark has its own.")
    given, places = parse_weights(weights), as_json or drawing is not None  # the text names no places
    with Runtime.open(settings, role=ROLE) as runtime:
        if mark_id is not None:
            compared = runtime.comparison.of_marks(mark_id, other, weights=given, places=places)
        else:
            compared = runtime.comparison.of_picture(
                _picture(first),
                other,
                text=None if text is None else parse_text(text) or "",  # "": names are not compared
                vienna_codes=parse_codes(codes),
                weights=given,
                places=places,
            )
    if drawing is not None:
        _write(drawing, compared)
    if as_json:
        print(json.dumps(dataclasses.asdict(compared.explanation), ensure_ascii=False, default=str))  # noqa: T201
    else:
        _print(compared.explanation)


def _mark_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _picture(file: str) -> bytes:
    try:
        return read_picture(Path(file))
    except PictureError as error:
        raise PictureError(str(error), hint="Give the id of a stored mark, a UUID, or a picture file.") from None


def _write(file: Path, compared: Compared) -> None:
    try:
        file.write_bytes(as_png(overlay(compared.explanation, compared.pictures)))
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.") from None


def _print(explanation: Explanation) -> None:
    console.print(f"{escape(explanation.summary)}\n", highlight=False)
    _line("score", f"{explanation.score:.3f}  {explanation.risk} risk")
    for item in explanation.evidence:
        _line(item.channel, f"{item.value:.2f}  {item.contribution:+.3f}  {item.sentence}")
    for absent in explanation.absent:
        _line(absent.channel, absent.reason)
    for mark in (explanation.first, explanation.other):
        if mark.picture_problem:
            _line("picture", f"of {mark.file}: {mark.picture_problem}")
    for spoken in explanation.sound:
        _line(f"read as {spoken.read_as}", f"{spoken.similarity:.2f}")
        widths = [max(len(sounds.one), len(sounds.other), 1) for sounds in spoken.sounds]
        for which in ("one", "other"):
            cells = (getattr(sounds, which) or "-" for sounds in spoken.sounds)
            _line("", " ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)))
    if spelling := explanation.spelling:
        measures = f"Jaro-Winkler {spelling.jaro_winkler:.2f}, trigrams {spelling.trigram:.2f}"
        _line("spelt", f"{explanation.first.normalised_text} / {explanation.other.normalised_text}: {measures}")
        for words in spelling.words:
            _line("", f"{words.one} / {words.other}: {words.similarity:.2f}, distinctive {_weights(words)}")
    if vienna := explanation.vienna:
        for name, codes in (
            ("both show", vienna.shared),
            ("only the first", vienna.only_first),
            ("only the other", vienna.only_other),
        ):
            for code in codes:
                _line(name, _headed(code))


def _weights(words: AnsweringWords) -> str:
    """How distinctive both words are, said once where they are the same word."""
    weights = f"{words.weight:.2f}"
    return weights if words.one == words.other else f"{weights} / {words.other_weight:.2f}"


def _headed(code: HeadedCode) -> str:
    return f"{code.code:<9}{code.heading or ''}".rstrip()


def _line(name: str, text: str) -> None:
    console.print(f"[bold]{name:<17}[/]{escape(text)}", highlight=False, soft_wrap=True)
