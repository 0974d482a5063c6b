"""Reads the icon sets of the npm package `@iconify/json` and says which of them may train.

Each file of its folder `json/` is a set: the bodies of its icons as SVG, their box, and the licence of the set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.concepts import word_set

_FLAGS = frozenset({"flag", "flagpack", "circle-flags", "cif"})  # rectangles that differ by their stripes
_MOVING = frozenset({"svg-spinners"})
_GLUED = frozenset({"whh"})  # names without separators: brands inside them cannot be told
_UNFREE = re.compile(r"GPL|-NC\b|-ND\b|-NC-|-ND-", re.IGNORECASE)  # LGPL and AGPL too

_BRANDS = word_set(
    "academicons arcticons brandico bxl catppuccin cib cryptocurrency cryptocurrency-color devicon devicon-line"
    " devicon-original devicon-plain entypo-social fa-brands fa6-brands fa7-brands file-icons gcp k8s logos"
    " material-icon-theme nonicons selfhst simple-icons skill-icons streamline-logos thesvg thesvg-color token"
    " token-branded unjs vscode-icons"
)
_EMOJI = word_set(
    "emojione emojione-monotone emojione-v1 fluent-emoji fluent-emoji-flat fluent-emoji-high-contrast fxemoji noto"
    " noto-v1 openmoji streamline-emojis twemoji"
)
# sets whose names are words of ordinary things; a brand's slug that is also such a word is not distinctive
ORDINARY = word_set("game-icons noto twemoji maki temaki pinhead healthicons fluent-emoji")

# one house's sets, or sets drawn after one another: their variants of a thing count together
_HOUSES = {
    "fontawesome": "fa la fa-brands fa-regular fa-solid fa6-brands fa6-regular fa6-solid"
    " fa7-brands fa7-regular fa7-solid",
    "material": "ic material-symbols material-symbols-light zmdi",
    "boxicons": "bx bxl bxs boxicons",
    "heroicons": "heroicons heroicons-outline heroicons-solid",
    "icon-park": "icon-park icon-park-outline icon-park-solid icon-park-twotone",
    "devicon": "devicon devicon-line devicon-original devicon-plain",
    "ionicons": "ion famicons",
    "feather": "feather lucide lucide-lab humbleicons vadivam",
    "pepicons": "pepicons pepicons-pencil pepicons-pop pepicons-print",
    "mono-icons": "mi mono-icons",
    "glyphs": "glyphs glyphs-poly",
    "guidance": "guidance streamline-guidance",
    "fluent": "fluent fluent-color",
    "fluent-emoji": "fluent-emoji fluent-emoji-flat fluent-emoji-high-contrast",
    "emojione": "emojione emojione-monotone",
    "unicons": "uil uim uis uit",
    "thesvg": "thesvg thesvg-color",
    "token": "token token-branded",
    "cryptocurrency": "cryptocurrency cryptocurrency-color",
    "coreui": "cib cil",
    "pixel": "pixel pixelarticons",
    "streamline": "streamline streamline-color",
    "streamline-cyber": "streamline-cyber streamline-cyber-color",
    "streamline-flex": "streamline-flex streamline-flex-color",
    "streamline-freehand": "streamline-freehand streamline-freehand-color",
    "streamline-plump": "streamline-plump streamline-plump-color",
    "streamline-sharp": "streamline-sharp streamline-sharp-color",
    "streamline-ultimate": "streamline-ultimate streamline-ultimate-color",
}
# sets of thousands of names that were given without regard to one another
_CROWDS = {"arcticons": "app", "cryptocurrency": "coin", "token": "coin"}
_HOUSE_OF = {prefix: house for house, prefixes in _HOUSES.items() for prefix in prefixes.split()}

_SKIN = re.compile(r"(^|-)(skin-tone|(medium-)?(light|dark|medium)(-skin-tone)?-skin)(-|$)|-skin-tone")
_FLAG_NAME = re.compile(r"^flag-|-flag$|^flagfor|^flags?-for")
_THEME_FOLDER = re.compile(r"^(folder|default-folder|folder-type)-")  # an emblem on one folder: too small to see
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_MOTION = re.compile(r"<(animate|animateTransform|animateMotion|set)\b")


class IconSetError(ValueError):
    """A set cannot be read; the message names the file."""


@dataclass(frozen=True, slots=True)
class IconSet:
    """A set: its prefix, its licence by SPDX (empty if not told) and its icons by name, sorted."""

    prefix: str
    licence: str
    icons: Mapping[str, Mapping[str, Any]]
    box: tuple[float, float]  # width and height of icons that tell none

    @property
    def house(self) -> str:
        """Who drew it: sets of one house repeat each other's figures."""
        return _HOUSE_OF.get(self.prefix, self.prefix)

    @property
    def crowd(self) -> str:
        """The crowd of names that its short names belong to (`coin`, `app`), or an empty string."""
        return _CROWDS.get(self.house, "")

    @property
    def of_brands(self) -> bool:
        """Whether its names are names of brands."""
        return self.prefix in _BRANDS

    @property
    def reason_against(self) -> str:
        """Why the whole set stays out, or an empty string."""
        if _UNFREE.search(self.licence):
            return f"licence {self.licence}"
        if self.prefix in _FLAGS:
            return "flags"
        if self.prefix in _GLUED:
            return "names without separators"
        return "moving pictures" if self.prefix in _MOVING else "" if self.icons else "no icons"

    def svg(self, name: str) -> str:
        """The SVG text of an icon, black where it takes the colour of its surroundings."""
        icon = self.icons[name]
        left, top, width, height = self.frame(name)
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
            f' viewBox="{left:g} {top:g} {width:g} {height:g}" width="{width:g}" height="{height:g}">'
            + str(icon["body"]).replace("currentColor", "#000000")
            + "</svg>"
        )

    def frame(self, name: str) -> tuple[float, float, float, float]:
        """Left, top, width and height of an icon's box."""
        icon = self.icons[name]
        width, height = icon.get("width", self.box[0]), icon.get("height", self.box[1])
        return float(icon.get("left", 0)), float(icon.get("top", 0)), float(width), float(height)

    def unwanted(self, name: str) -> str:
        """Why one icon stays out, or an empty string: hidden, moving, a flag, a skin tone, a wordmark, a folder."""
        icon = self.icons[name]
        if icon.get("hidden"):
            return "hidden"
        if _MOTION.search(str(icon["body"])):
            return "moving"
        if self.prefix in _EMOJI and _SKIN.search(name):
            return "skin tone"
        if self.prefix in _EMOJI and _FLAG_NAME.search(name):
            return "flag"
        if "wordmark" in name:
            return "wordmark"
        return "folder of a file theme" if self.of_brands and _THEME_FOLDER.search(name) else ""


def set_files(package: Path) -> list[Path]:
    """The files of the sets, sorted by name. Raises IconSetError if there are none."""
    files = sorted((package / "json").glob("*.json"))
    if not files:
        raise IconSetError(
            f"{package}: has no folder json/ with icon sets; unpack the npm package @iconify/json and name its folder"
        )
    return files


def read_set(file: Path) -> IconSet:
    """One set without its aliases. Raises IconSetError if the file is not the JSON of an icon set."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        icons = {name: icon for name, icon in sorted(found["icons"].items()) if _FILE_NAME.fullmatch(name)}
        if not _FILE_NAME.fullmatch(found["prefix"]) or not all(
            isinstance(icon["body"], str) for icon in icons.values()
        ):
            raise ValueError("a prefix that is no file name, or a body that is no text")
        licence = found.get("info", {}).get("license", {}).get("spdx") or ""
        box = (float(found.get("width", 16)), float(found.get("height", 16)))
        return IconSet(str(found["prefix"]), str(licence), icons, box)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IconSetError(f"{file}: cannot be read as an icon set ({type(error).__name__}: {error})") from error
