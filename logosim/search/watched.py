"""A watched picture, looked at again with a model that has not seen it: as a search sees it, with the watch's names."""

from __future__ import annotations

import logging
from dataclasses import replace

from logosim.domain.asked import AskedPicture
from logosim.domain.watch import WatchedPicture
from logosim.errors import InputError, LogosimError
from logosim.search.pipeline import FeatureExtractor, understood

logger = logging.getLogger(__name__)


def seen_again(extractor: FeatureExtractor, watched: WatchedPicture) -> AskedPicture:
    """What a search would see in the picture. A fault of a library must not end who runs watches.

    Raises:
        InputError: the picture, or a region of it, cannot be used.
    """
    try:
        seen = understood(extractor, watched.picture, "", watched.vienna_codes, watched.regions)
    except LogosimError:
        raise
    except Exception as error:
        logger.exception("Extraction failed", extra={"action": "extraction_failed", "pictures": 1})
        raise InputError(f"{type(error).__name__}: {error}") from error
    parts = zip(seen.parts, watched.texts, strict=True)
    return AskedPicture(tuple(replace(part, text=text) for part, text in parts), seen.vienna_codes)
