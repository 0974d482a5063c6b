"""Names made of those of a register: as many as asked for, of its words and letters, the same every time."""

from __future__ import annotations

from collections import Counter

from logosim.evaluation.made_names import made_names

REGISTER = [
    *(f"{word} hotel" for word in ("fildor", "mirano", "zebra", "okapi")),
    *(f"golden {word}" for word in ("stork", "phildar", "pelikan")),
    "solo",
    "o2",
]


def test_made_names_are_like_those_of_the_register() -> None:
    names = list(made_names(REGISTER, 2000, seed=3))
    assert names == list(made_names(REGISTER, 2000, seed=3))
    assert names != list(made_names(REGISTER, 2000, seed=4))
    counts = Counter(word for name in names for word in name.lower().split())
    assert 0.6 < (counts["hotel"] + counts["golden"]) / 2000 < 0.95  # seven names in nine have a frequent word
    letters = set("".join(REGISTER))
    rare = [word for word in counts if word not in ("hotel", "golden")]
    assert all(set(word) <= letters and 0 < len(word) <= 17 for word in rare)
    assert set(rare) - set(" ".join(REGISTER).split())  # new words, not only those of the register


def test_a_register_without_words_to_learn_from_is_repeated() -> None:
    assert set(made_names(["o2", "4 4"], 20)) <= {"O2", "4", "4 4", "O2 O2", "4 O2", "O2 4"}
