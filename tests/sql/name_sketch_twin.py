"""The plain twin of sql/functions/023_name_sketches.sql: names as sets of bits, and how near two of them are."""

from __future__ import annotations

from itertools import pairwise

BITS = 512
FINE = {
    "pb": "p", "fvw": "f", "tdθð": "t", "szʃʒʦʧʤç": "s", "kgxɣ": "k", "m": "m", "nɲŋ": "n", "r": "r", "lʎ": "l",
    "jɥ": "i", "iɪyeɛøœ": "i", "əɜʌæɑa": "a", "uʊoɔ": "u", "hʔ": "",
}  # fmt: skip
"""Sounds that are one class; of the classes of vowels the coarse reading makes one."""

CLASS = {sound: name for sounds, name in FINE.items() for sound in sounds}
VOWELS, GLIDES = set("iɪyeɛøœəɜʌæɑauʊoɔ"), set("jɥ")


def spelling_bits(normalised: str) -> set[int]:
    return bits_of([normalised.replace(" ", "")])


def sound_bits(phonemes: str) -> set[int]:
    return bits_of(sound_pieces(phonemes))


def sound_pieces(phonemes: str) -> list[str]:
    """What is said in every profile, in fine classes and in coarse ones; each reading once."""
    pieces: list[str] = []
    for profile in phonemes.split("|"):
        sounds = [sound for sound in profile if sound in CLASS]
        fine = "".join(CLASS[sound] for sound in sounds)
        coarse = ""
        for sound in sounds:
            if sound in VOWELS:
                coarse += "" if coarse.endswith("A") else "A"
            elif sound not in GLIDES:
                coarse += CLASS[sound].upper()
        pieces += [piece for piece in (fine, coarse) if piece and piece not in pieces]
    return pieces


def bits_of(pieces: list[str]) -> set[int]:
    """A bit for each pair and each triple of neighbours in a piece, which has a space on either side."""
    bits = set()
    for piece in pieces:
        letters = f" {piece} ".encode()
        for pair in pairwise(letters):
            bits.add((37 * pair[0] + 109 * pair[1]) % BITS)
        for triple in zip(letters, letters[1:], letters[2:], strict=False):
            bits.add((37 * triple[0] + 109 * triple[1] + 241 * triple[2]) % BITS)
    return bits


def similarity(one: set[int], other: set[int]) -> float:
    """Jaccard's."""
    return len(one & other) / len(one | other)
