"""Pictures of measurements: curves, and bars with their intervals. The only door to matplotlib.

matplotlib is the extra `plots` and is imported when something is drawn. Nothing goes through pyplot: no window, no
display and no state that another caller could see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from logosim.errors import ConfigurationError, DependencyMissing
from logosim.evaluation.intervals import Interval, bootstrap
from logosim.evaluation.metrics import METRICS, Values, recall
from logosim.evaluation.placing import DEPTH, Placings
from logosim.evaluation.report import in_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = tuple[Sequence[float], Sequence[float]]
"""Values along x and along y, equally many."""

WIDTH, HEIGHT, DPI = 9.0, 5.0, 120  # inches, inches, pixels an inch: files are 1080 x 600 pixels
# Okabe and Ito, "Color universal design" (2008): eight colours that people of all kinds of colour vision tell apart;
# the yellow comes last, as it is faint on white. With more than eight lines the colours come again, dashed.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442")
_STYLES = ("-", "--", ":", "-.")
_INK, _GRID = "#333333", "#DDDDDD"


def draw_curves(
    series: Mapping[str, Curve],
    *,
    title: str,
    x_label: str,
    y_label: str,
    file: Path,
    log_x: bool = False,
    y_limits: tuple[float, float] | None = None,
) -> None:
    """Draw lines by name into a PNG file, with the legend beside them in the order of `series`.

    A value that is not finite leaves a gap. A line of one point is drawn as a dot.

    Raises:
        ValueError: nothing to draw, or a line whose x and y differ in number.
        DependencyMissing: the extra `plots` is not installed.
        ConfigurationError: the file cannot be written.
    """
    if not series:
        raise ValueError("there is no curve to draw")
    for name, (xs, ys) in series.items():
        if len(xs) != len(ys) or not len(xs):
            raise ValueError(f"the curve {name} has {len(xs)} values along x and {len(ys)} along y")
    figure, axes = _page(title, x_label, y_label)
    for number, (name, (xs, ys)) in enumerate(series.items()):
        axes.plot(
            xs,
            ys,
            label=name,
            color=PALETTE[number % len(PALETTE)],
            linestyle=_STYLES[number // len(PALETTE) % len(_STYLES)],
            linewidth=1.8,
            marker="o" if len(xs) == 1 else "",
        )
    if log_x:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")  # 1, 10, 100 and not powers of ten
    if y_limits is not None:
        axes.set_ylim(*y_limits)
    _save(figure, axes, len(series), file)


def draw_recall(placings: Mapping[str, Placings], *, title: str, file: Path, depth: int = DEPTH) -> None:
    """Draw the mean recall among the first 1 to `depth` drawings of each model; its last value stands in the legend.

    Colours go by the order of `placings`, so that a model has the same one in every plot of a run. Raises as
    `draw_curves` does.
    """
    curves = {name: recall_curve(of, depth) for name, of in placings.items()}
    draw_curves(
        {f"{name}  {ys[-1]:.2f}": (xs, ys) for name, (xs, ys) in curves.items()},
        title=title,
        x_label="k, drawings looked at",
        y_label=f"recall@k (beside each name: at {depth})",
        file=file,
        log_x=True,
        y_limits=(0.0, 1.0),
    )


def recall_curve(placings: Placings, depth: int = DEPTH) -> tuple[list[float], list[float]]:
    """k from 1 to `depth`, and the mean recall among the first k, 0..1."""
    ks = range(1, depth + 1)
    return [float(k) for k in ks], [float(recall(placings, k).mean()) for k in ks]


def draw_bars(
    values: Mapping[str, Mapping[str, Interval]],
    *,
    title: str,
    y_label: str,
    file: Path,
    y_limits: tuple[float, float] | None = (0.0, 1.0),
) -> None:
    """Draw a bar for each interval, its bounds as a whisker: by model (a colour) and by label (a place along x).

    Labels come in the order in which they are first met; a model that lacks one leaves a gap there.

    Raises:
        ValueError: nothing to draw.
        DependencyMissing: the extra `plots` is not installed.
        ConfigurationError: the file cannot be written.
    """
    labels = list(dict.fromkeys(label for by_label in values.values() for label in by_label))
    if not labels:
        raise ValueError("there is no bar to draw")
    figure, axes = _page(title, "", y_label)
    width = 0.8 / len(values)
    for number, (name, by_label) in enumerate(values.items()):
        places = [labels.index(label) - 0.4 + (number + 0.5) * width for label in by_label]
        means = [interval.mean for interval in by_label.values()]
        bounds = [[of.mean - of.low for of in by_label.values()], [of.high - of.mean for of in by_label.values()]]
        hatch = "//" * (number // len(PALETTE))
        axes.bar(places, means, width * 0.92, label=name, color=PALETTE[number % len(PALETTE)], hatch=hatch or None)
        axes.errorbar(places, means, np.abs(bounds), fmt="none", ecolor=_INK, elinewidth=1, capsize=2)
        for place, interval in zip(places, by_label.values(), strict=True):
            axes.annotate(
                f"{interval.mean:.2f}".removeprefix("0"),
                (place, interval.high),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=8 if len(values) < 6 else 6,
                color=_INK,
            )
    axes.set_xticks(range(len(labels)), labels)
    axes.grid(visible=False, axis="x")
    if y_limits is not None:
        axes.set_ylim(*y_limits)
    _save(figure, axes, len(values), file)


def draw_difficulty(placings: Mapping[str, Placings], *, title: str, file: Path, metric: str = "R@100") -> None:
    """Draw one metric of each model over all queries and by difficulty, with 95 % bootstrap intervals by group.

    `metric` is a name in `METRICS`. The number of queries stands under each label. Raises KeyError for another name,
    and else as `draw_bars` does.
    """
    of_query = METRICS[metric]
    draw_bars(
        {name: _by_difficulty(of, of_query(of)) for name, of in placings.items()},
        title=title,
        y_label=metric,
        file=file,
    )


def _by_difficulty(placings: Placings, values: Values) -> dict[str, Interval]:
    labels = np.asarray(placings.difficulty)
    of_label = {label: labels == label for label in in_order(placings.difficulty)}
    chosen = {"all": np.ones(len(labels), dtype=np.bool_), **of_label}
    return {
        f"{label}\n{int(mask.sum()):,} queries": bootstrap(values[mask], placings.groups[mask])
        for label, mask in chosen.items()
    }


def _page(title: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DependencyMissing(
            "the package matplotlib is needed to draw plots and is not installed",
            hint="Run pip install 'logosim[plots]'.",
        ) from error
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", color=_INK, pad=16)  # numbers over high bars stand between
    axes.set_xlabel(x_label, color=_INK)
    axes.set_ylabel(y_label, color=_INK)
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Figure, axes: Axes, names: int, file: Path) -> None:
    if names > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, borderaxespad=0)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, format="png", metadata={"Software": None})  # the same values give the same file
    except OSError as error:
        raise ConfigurationError(f"cannot write the plot {file}: {error.strerror}") from error
