"""Makes the embedding models that logosim loads: the only code that imports torch and timm.

README.md beside this file has the commands from icons to a model. The bundled model's former way, on drawings alone:

    python -m training.pictures --out build/pictures --exclude excluded.txt     # draw logos to fit on
    python -m training.compare --pictures build/pictures --truth DIR            # which way of making it is best
    python -m training.export --pictures build/pictures --truth DIR --name NAME --out FOLDER
"""

from __future__ import annotations
