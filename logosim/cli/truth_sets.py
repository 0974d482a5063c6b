"""Truth sets from the command line: options that say what is asked, and the folders behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import rich_click as click

from logosim.cli.display import errors, progress_bar
from logosim.demo.changes import changed_copies
from logosim.domain.mark import Mark
from logosim.errors import InputError, RecordError
from logosim.evaluation.brands import INDEX as BRANDS_INDEX
from logosim.evaluation.brands import load_brands
from logosim.evaluation.changed import truth_of_copies
from logosim.evaluation.distractors import choose_distractors
from logosim.evaluation.kinds import KINDS, recognised
from logosim.evaluation.listing import picture_files
from logosim.evaluation.metu import load_metu
from logosim.evaluation.opposition import load_opposition
from logosim.evaluation.truth import TruthSet
from logosim.evaluation.variations import load_variations
from logosim.evaluation.vertag import load_vertag
from logosim.imaging import DecodeLimits, decode_file
from logosim.ingest import l3d

Function = TypeVar("Function", bound=Callable[..., Any])
_SOURCE = "truth"
_COPIES = 200


@dataclass(frozen=True, slots=True)
class Asking:
    """What the options of `truth_options` say."""

    kind: str
    leave_out: tuple[Path, ...]
    least_support: float
    copies: int | None
    queries: int | None
    seed: int
    distractors: tuple[Path, ...] = ()
    distractor_count: int | None = None

    @classmethod
    def of(cls, given: dict[str, Any]) -> Asking:
        """From the parameters of a command."""
        return cls(**{name: given[name] for name in cls.__dataclass_fields__})


def truth_options(function: Function) -> Function:
    """Add the options that name truth sets and say what is asked about them."""
    for option in reversed(
        (
            click.option(
                "--truth",
                "folders",
                multiple=True,
                required=True,
                type=click.Path(path_type=Path, file_okay=False),
                metavar="FOLDER",
                help="A truth set; may be given several times.",
            ),
            click.option(
                "--kind",
                type=click.Choice(("auto", *KINDS)),
                default="auto",
                show_default=True,
                help="What the folders hold; auto: told by the index file in it. "
                "changed: any folder of pictures or L3D folder, asked with changed copies; where there is an "
                "index.csv of brands, only what it lists, and other logos of a brand are neither right nor wrong.",
            ),
            click.option(
                "--leave-out",
                multiple=True,
                type=click.Path(path_type=Path, dir_okay=False, exists=True),
                metavar="FILE",
                help="Names of groups, one a line, that are not asked about, such as brands a model was trained on.",
            ),
            click.option(
                "--least-support",
                type=click.FloatRange(0, 1),
                default=0.0,
                show_default=True,
                help="Leave out pictures of brands whose support is lower, as queries and as answers.",
            ),
            click.option(
                "--copies",
                type=click.IntRange(1),
                help="With --kind changed: how many pictures are changed, each in every known way; unset: 200.",
            ),
            click.option("--queries", type=click.IntRange(1), help="Ask at most so many queries, drawn by --seed."),
            click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
            click.option(
                "--distractors",
                multiple=True,
                type=click.Path(path_type=Path, file_okay=False, exists=True),
                metavar="FOLDER",
                help="Add the pictures of FOLDER and its sub-folders to those that can be found: never right, never "
                "asked with. None may show what is asked for; files of the truth set itself are passed over.",
            ),
            click.option(
                "--distractor-count",
                type=click.IntRange(1),
                help="How many of them, drawn by --seed; unset: all.",
            ),
        )
    ):
        function = option(function)
    return function


@contextmanager
def opened_truth(folder: Path, asking: Asking, limits: DecodeLimits | None = None) -> Iterator[TruthSet]:
    """The truth set in `folder`; copies that were made for it are gone at the end.

    Args:
        folder: where it lies.
        asking: what is asked of it.
        limits: which pictures serve as distractors; others are passed over.

    Raises:
        InputError: options that say nothing, or contradict each other.
        RecordError: the folder holds no such truth set, a picture of it is not there, or nothing is left to ask.
    """
    if asking.distractor_count is not None and not asking.distractors:
        raise InputError("--distractor-count says how many of which pictures?", hint="Add --distractors FOLDER.")
    with TemporaryDirectory(prefix="logosim-truth-") as scratch:
        truth = _loaded(folder, asking, Path(scratch))
        gone = [file for file in truth.files if not file.is_file()]  # said now, not after the others have been seen
        if gone:
            raise RecordError(
                f"{len(gone):,} of {len(truth):,} pictures of {folder} are not there, the first is {gone[0]}"
            )
        for file in asking.leave_out:
            truth = _without(truth, file)
        if asking.queries is not None:
            truth = truth.sampled(asking.queries, asking.seed)
        if not len(truth.queries()):
            raise RecordError(
                f"no picture of {folder} has another one to find"
                + (", or all that have one are left out" if asking.leave_out else "")
            )
        if asking.distractors:
            truth = _among_distractors(truth, asking, limits)
        yield truth


def refuse_namesakes(folders: Sequence[Path]) -> None:
    """InputError if two truth sets have the same name: results and their files are told apart by it."""
    names = [folder.resolve().name for folder in folders]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"two truth sets are called {twice}", hint="Give each once, or measure them one at a time.")


def _loaded(folder: Path, asking: Asking, scratch: Path) -> TruthSet:
    kind = recognised(folder) if asking.kind == "auto" else asking.kind
    if asking.copies is not None and kind != "changed":
        raise InputError(f"--copies says nothing about {folder}, a truth set of {kind}", hint="Add --kind changed.")
    if asking.least_support and kind != "brands":
        raise InputError(f"--least-support says nothing about {folder}, a truth set of {kind}: only brands have it.")
    if kind == "brands":
        return load_brands(folder, least_support=asking.least_support)
    if kind == "changed":
        return _changed(folder, asking, scratch)
    if kind == "variations":
        return load_variations(folder, _marks(folder))
    if kind == "opposition":
        return load_opposition(folder)
    return load_metu(folder) if kind == "metu" else load_vertag(folder)


def _changed(folder: Path, asking: Asking, scratch: Path) -> TruthSet:
    marks = _marks(folder) if any(folder.glob("*.json*")) else []
    originals = tuple(Path(mark.picture.location) for mark in marks)
    owners: list[str] | None = None
    if not originals and (folder / BRANDS_INDEX).is_file():
        owned = load_brands(folder)
        originals, owners = owned.files, [owned.group_name(picture) for picture in range(len(owned))]
    originals = originals or picture_files(folder)
    with progress_bar("pictures") as bar:
        task = bar.add_task("Changing", total=None)
        copies = changed_copies(
            originals,
            scratch,
            asking.copies or _COPIES,
            asking.seed,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    codes = [mark.vienna_codes for mark in marks] or None
    return truth_of_copies(f"{folder.resolve().name}, changed", originals, copies, codes, owners)


def _among_distractors(truth: TruthSet, asking: Asking, limits: DecodeLimits | None) -> TruthSet:
    """Add distractors, and say how many there are and what was passed over."""
    files = tuple(dict.fromkeys(file for folder in asking.distractors for file in picture_files(folder)))
    with progress_bar("pictures") as bar:
        task = bar.add_task("Choosing", total=None)
        found = choose_distractors(
            truth,
            files,
            asking.distractor_count,
            asking.seed,
            usable=lambda file: _decodes(file, limits),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        bar.update(task, completed=len(found.files), total=len(found.files))
    _say(
        f"{len(found.files):,} of {len(files):,} pictures are distractors of {truth.name}; passed over: "
        f"{found.known:,} that are files of it or of one another, {found.unusable:,} that cannot be read."
    )
    if asking.distractor_count is not None and len(found.files) < asking.distractor_count:
        _say(f"Warning: {asking.distractor_count:,} were asked for.")
    return truth.with_distractors(found.files)


def _decodes(file: Path, limits: DecodeLimits | None) -> bool:
    try:
        decode_file(file, limits)
    except RecordError:
        return False
    return True


def _marks(folder: Path) -> list[Mark]:
    read = list(l3d.read(folder, _SOURCE))
    marks = [item for item in read if isinstance(item, Mark)]
    if len(marks) < len(read):
        errors.print(f"{len(read) - len(marks):,} records of {folder} cannot be used.", highlight=False)
    return marks


def _without(truth: TruthSet, file: Path) -> TruthSet:
    """Leave out the groups named in `file`, and say what that did: a name with a slip in it leaves nothing out."""
    names = list(dict.fromkeys(_names(file)))
    known = {name.casefold() for name in truth.group_names}
    strange = [name for name in names if name.casefold() not in known]
    left, all_queries = truth.restricted(names), len(truth.queries())
    _say(
        f"{file}: {len(names) - len(strange):,} of {len(names):,} names are groups of {truth.name}; "
        f"{all_queries - len(left.queries()):,} of {all_queries:,} queries are left out."
    )
    if strange:
        more = f" and {len(strange) - 5:,} more" if len(strange) > 5 else ""
        _say(f"Warning: no groups of {truth.name}: {', '.join(strange[:5])}{more}.")
    return left


def _say(text: str) -> None:
    errors.print(text, highlight=False, markup=False, soft_wrap=True)


def _names(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the names to leave out in {file}: {error}") from error
