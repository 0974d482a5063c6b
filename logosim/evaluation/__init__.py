"""How well a model finds what it should find: truth sets, metrics and reports, plain NumPy and csv."""

from __future__ import annotations

from logosim.evaluation.brands import load_brands
from logosim.evaluation.metrics import METRICS, Metrics, evaluate, evaluate_rankings
from logosim.evaluation.placing import Placings, place_by_cosine, place_rankings
from logosim.evaluation.protocol import Describer
from logosim.evaluation.truth import TruthSet

__all__ = [
    "METRICS",
    "Describer",
    "Metrics",
    "Placings",
    "TruthSet",
    "evaluate",
    "evaluate_rankings",
    "load_brands",
    "place_by_cosine",
    "place_rankings",
]
