"""Draws the stand-in training collection from the icon sets of the npm package `@iconify/json`.

    python -m training.icons --sets package --exclude excluded.txt --out build/icons

`package` is the unpacked package. The folder gets one sub-folder of PNG files (RGBA, transparent ground, the longer
side as asked) a set, and last an `index.csv` with the columns file, concept, source: pictures of the same concept show
the same thing in different hands. Files that are there are not drawn again. The same package and lists give the same
collection. Sets with licences that forbid commercial use or bind like the GPL stay out, and so do brands that are
named by `--exclude`, by their names and by their figures: what looks like an icon left out as a brand is left out too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from training.holdout import Exclusion, HoldoutError, read_exclusion, write_index
from training.icon_choice import Candidate, candidates, chosen, ordinary_words
from training.icon_sets import IconSet, IconSetError, read_set, set_files
from training.thumbs import Thumb, resembling, same, thumb_of

_CHUNK = 200  # icons a task
_LIMIT = 125_000
_TOLD = 20  # failures that are told one by one
_REFERENCE_PIXELS = 64


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of one icon: its thumb, or why there is no picture."""

    icon: Candidate
    thumb: Thumb | None
    failure: str = ""


def render(icon_set: IconSet, name: str, pixels: int) -> bytes:
    """PNG bytes (RGBA) of an icon, its longer side `pixels`. Raises ValueError if it cannot be drawn."""
    import resvg_py

    _, _, width, height = icon_set.frame(name)
    if not (width > 0 and height > 0):
        raise ValueError(f"its box is {width:g} x {height:g}")
    wide, high = (pixels, None) if width >= height else (None, pixels)  # the other side follows
    return bytes(resvg_py.svg_to_bytes(svg_string=icon_set.svg(name), skip_system_fonts=True, width=wide, height=high))


@lru_cache(maxsize=1)
def _cached_set(file: Path) -> IconSet:
    return read_set(file)


def _draw_chunk(task: tuple[Path, Path | None, int, Sequence[Candidate]]) -> list[Drawn]:
    set_file, out, pixels, icons = task
    return [_draw(_cached_set(set_file), icon, out and out / icon.file, pixels) for icon in icons]


def _draw(icon_set: IconSet, icon: Candidate, target: Path | None, pixels: int) -> Drawn:
    if target is not None and target.is_file():
        try:
            return Drawn(icon, thumb_of(target.read_bytes()))
        except OSError:  # not a picture: it is drawn again
            target.unlink()
    try:
        png = render(icon_set, icon.name, pixels)
        thumb = thumb_of(png)
    except (ValueError, OSError) as error:  # what resvg and Pillow raise; a full disk is no fault of the icon
        return Drawn(icon, None, f"{icon.source}:{icon.name}: {error}")
    if thumb is None or target is None:
        return Drawn(icon, thumb)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".tmp")
    partial.write_bytes(png)
    partial.replace(target)
    return Drawn(icon, thumb)


def draw_all(package: Path, icons: Sequence[Candidate], out: Path | None, pixels: int, jobs: int) -> Iterator[Drawn]:
    """Draw the icons into `out`, or nowhere, in `jobs` processes; yields them set by set as they were given."""
    by_set: dict[str, list[Candidate]] = {}
    for icon in icons:
        by_set.setdefault(icon.set_file, []).append(icon)
    tasks = [
        (package / "json" / set_file, out, pixels, members[start : start + _CHUNK])
        for set_file, members in sorted(by_set.items())
        for start in range(0, len(members), _CHUNK)
    ]
    if jobs == 1:
        for task in tasks:
            yield from _draw_chunk(task)
        return
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        for drawn in pool.map(_draw_chunk, tasks):
            yield from drawn


def without_copies(drawn: Iterable[Drawn]) -> list[Candidate]:
    """The icons that were drawn, without those that look like another of the same concept; sorted by file.

    Thumbs are cut to what is drawn, so that a copy with another margin is still a copy.
    """
    by_concept: dict[str, list[Thumb]] = {}
    kept = []
    for one in sorted(drawn, key=lambda one: one.icon.file):
        if one.thumb is None:
            continue
        if one.icon.concept:
            seen = by_concept.setdefault(one.icon.concept, [])
            if any(same(one.thumb, other) for other in seen):
                continue
            seen.append(one.thumb)
        kept.append(one.icon)
    return kept


def without_excluded_figures(drawn: Sequence[Drawn], excluded: Iterable[Drawn]) -> list[Drawn]:
    """What was drawn, without the icons that show the figure of an excluded one under another name."""
    shown = [one for one in drawn if one.thumb is not None]
    references = [one.thumb for one in excluded if one.thumb is not None]
    alike = resembling([one.thumb for one in shown if one.thumb is not None], references)
    return [one for one, held in zip(shown, alike, strict=True) if not held]


def _with_progress(drawn: Iterator[Drawn], total: int) -> Iterator[Drawn]:
    began = told = time.monotonic()
    for done, one in enumerate(drawn, start=1):
        yield one
        now = time.monotonic()
        if now - told >= 2 or done == total:
            told, rate = now, done / max(now - began, 1e-6)
            left = int((total - done) / rate)
            left_time = f"{left // 60}:{left % 60:02d} left"
            sys.stderr.write(f"\r{done}/{total} pictures, {rate:.0f} a second, {left_time} ")
    sys.stderr.write("\n")


def build(
    package: Path, exclusion: Exclusion, out: Path, pixels: int = 160, limit: int = _LIMIT, jobs: int = 2
) -> dict[str, int]:
    """Make the whole collection in `out`, whose index is written last; returns the counts of the report.

    Raises IconSetError if `package` holds no icon sets. Sets and icons that cannot be used are told on stderr.
    """
    files = set_files(package)
    found: list[Candidate] = []
    excluded: list[Candidate] = []
    left_out = Counter[str]()
    ordinary = ordinary_words(files)
    for file in files:
        try:
            icon_set = read_set(file)
        except IconSetError as error:
            sys.stderr.write(f"left out: {error}\n")
            left_out["unreadable sets"] += 1
            continue
        if reason := icon_set.reason_against:
            sys.stderr.write(f"left out: {icon_set.prefix} ({len(icon_set.icons)} icons): {reason}\n")
            left_out["sets left out"] += 1
            continue
        found.extend(candidates(icon_set, file.name, exclusion, ordinary, left_out, excluded))
    icons = chosen(found, limit)
    sys.stderr.write(f"{len(found)} icons may train, {len(icons)} are chosen\n")
    out.mkdir(parents=True, exist_ok=True)
    drawn = list(_with_progress(draw_all(package, icons, out, pixels, jobs), len(icons)))
    failures = [one.failure for one in drawn if one.failure]
    for failure in failures[:_TOLD]:
        sys.stderr.write(f"not drawn: {failure}\n")
    excluded = list({icon.body: icon for icon in excluded}.values())
    sys.stderr.write(f"{len(excluded)} figures of excluded brands are drawn to be compared\n")
    references = _with_progress(draw_all(package, excluded, None, _REFERENCE_PIXELS, jobs), len(excluded))
    shown = sum(one.thumb is not None for one in drawn)
    allowed = without_excluded_figures(drawn, references)
    kept = without_copies(allowed)
    write_index(out, [(icon.file, icon.concept, icon.source) for icon in kept])
    counts = {
        **{f"left out, {reason}": count for reason, count in sorted(left_out.items())},
        "not drawn": len(failures),
        "nothing to be seen on white": len(drawn) - shown - len(failures),
        "figures of excluded brands under other names": shown - len(allowed),
        "copies": len(allowed) - len(kept),
    }
    return {**counts, **_summary(kept)}


def _summary(kept: Sequence[Candidate]) -> Mapping[str, int]:
    pictures = Counter(icon.concept for icon in kept if icon.concept)
    shared = {concept: count for concept, count in pictures.items() if count >= 2}
    return {
        "pictures": len(kept),
        "sets": len({icon.source for icon in kept}),
        "concepts": len(pictures),
        "concepts of two pictures or more": len(shared),
        "pictures that have a positive": sum(shared.values()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the collection and print what is in it."""
    parser = argparse.ArgumentParser(prog="python -m training.icons", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sets", type=Path, required=True, help="folder of the unpacked package @iconify/json")
    parser.add_argument(
        "--exclude", type=Path, action="append", required=True, help="file of brand slugs that stay out, one a line"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write the collection into")
    parser.add_argument("--pixels", type=int, default=160, help="longer side of a picture (default %(default)s)")
    parser.add_argument("--limit", type=int, default=_LIMIT, help="pictures at most (default %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="processes that draw (default %(default)s)")
    options = parser.parse_args(arguments)
    if min(options.pixels, options.limit, options.jobs) < 1:
        parser.error("--pixels, --limit and --jobs take a number of 1 or more")
    try:
        exclusion = read_exclusion(options.exclude)
        counts = build(options.sets, exclusion, options.out, options.pixels, options.limit, options.jobs)
    except (HoldoutError, IconSetError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write("".join(f"{count:>8} {what}\n" for what, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
