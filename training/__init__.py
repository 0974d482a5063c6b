"""Makes the embedding model that logosim bundles: the only code that imports torch and timm.

The steps, each a command of its own:

    python -m training.pictures --out build/pictures --exclude excluded.txt     # draw logos to fit on
    python -m training.compare --pictures build/pictures --truth DIR            # which way of making it is best
    python -m training.export --pictures build/pictures --truth DIR             # fit, export, check, measure, write
    python -m training.measure --truth DIR                                      # what the bundled model finds
"""

from __future__ import annotations
