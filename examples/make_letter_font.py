"""Makes the two fonts that are drawn into a letter's pictures: static, small, without hints.

    npm pack @fontsource-variable/source-sans-3@5.3.0 && tar xzf fontsource-variable-source-sans-3-5.3.0.tgz
    python3 -m venv venv && venv/bin/pip install fonttools==4.68.0 brotli==1.2.1
    venv/bin/python examples/make_letter_font.py package/files assets/fonts

Written: letter-sans-400.ttf and letter-sans-600.ttf; the licence reserves the name Source. A picture is drawn on the server, which has no fonts of
its own to rely on, and `resvg` reads neither WOFF2 nor variable axes.
"""

import sys
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

# Western and Central European letters, the signs of angles and times, the alpha of a power law; a site may be called Łódź or Ērgļi.
WANTED = (
    list(range(0x20, 0x7F))
    + list(range(0xA0, 0x180))
    + [0x218, 0x219, 0x21A, 0x21B, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2026]
    + [0x3B1, 0x2032, 0x2033, 0x2191, 0x2193, 0x2212]
)


def static(path: Path, weight: int) -> TTFont:
    return instantiateVariableFont(TTFont(path), {"wght": weight}, updateFontNames=False)


def smaller(font: TTFont) -> TTFont:
    options = Options(hinting=False, layout_features=["kern"], name_IDs=[1, 2, 4, 6, 13, 14], notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=WANTED)
    subsetter.subset(font)
    return font


def named(font: TTFont, weight: int) -> TTFont:
    for record, text in {1: "Letter Sans", 2: "Regular", 4: f"Letter Sans {weight}", 6: f"LetterSans-{weight}"}.items():
        font["name"].setName(text, record, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    return font


def make(source: Path, weight: int, target: Path) -> None:
    parts = []
    for subset in ("latin", "latin-ext", "greek"):
        part = target.with_name(f".{subset}-{weight}.ttf")
        static(source / f"source-sans-3-{subset}-wght-normal.woff2", weight).save(part)
        # Merging wants them plain.
        plain = TTFont(part)
        plain.flavor = None
        for table in ("GSUB", "GDEF", "STAT", "HVAR", "MVAR", "avar", "fvar"):
            if table in plain:
                del plain[table]
        smaller(plain).save(part)
        parts.append(part)
    merged = named(smaller(Merger().merge([str(part) for part in parts])), weight)
    merged.save(target)
    for part in parts:
        part.unlink()
    print(target.name, target.stat().st_size, "bytes,", len(merged.getBestCmap()), "characters")


if __name__ == "__main__":
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    for weight in (400, 600):
        make(source, weight, folder / f"letter-sans-{weight}.ttf")
