"""How well a model finds what it should find: truth sets and metrics, plain NumPy and csv."""

from __future__ import annotations

from logosim.evaluation.brands import TruthSet, load_brands
from logosim.evaluation.metrics import Metrics, evaluate, evaluate_rankings

__all__ = ["Metrics", "TruthSet", "evaluate", "evaluate_rankings", "load_brands"]
