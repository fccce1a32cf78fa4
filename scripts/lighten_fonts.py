"""Take the hinting out of the typeface's files: half their weight, and screens of phones do not use it.

    uv run --no-project --with fonttools --with brotli python scripts/lighten_fonts.py

Works on the files as Fontsource publishes them (@fontsource/be-vietnam-pro, subsets latin, latin-ext and vietnamese,
weights 400 and 600); one that is light already stays as it is. Licence and author stay in each file.
"""

from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FONTS = Path(__file__).parents[1] / "src/lienthong/kit/web/static/web/vendor/be-vietnam-pro"
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "liga"]  # Vietnamese puts marks on marks


def main() -> None:
    for path in sorted(FONTS.glob("*.woff2")):
        font = TTFont(path)
        options = subset.Options(
            flavor="woff2", hinting=False, layout_features=FEATURES, name_IDs=[0, 1, 2, 13, 14], notdef_outline=True
        )
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=list(font.getBestCmap()))
        subsetter.subset(font)
        before = path.stat().st_size
        subset.save_font(font, path, options)
        print(f"{path.name}: {before} -> {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
