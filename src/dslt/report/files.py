"""Files beside the site's pages: style, scripts and pictures."""

import io
import shutil
from pathlib import Path

from PIL import Image

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write

ASSETS = Path(__file__).parent / "assets"
VEGA = "vega.js"  # Vega, Vega-Lite and Vega-Embed in one file, made and not shipped
VEGA_LITE = "6.4"  # as Altair writes
LICENCE = (
    "/* Vega, Vega-Lite and Vega-Embed by the University of Washington Interactive Data Lab,"
    " BSD-3-Clause: https://github.com/vega/vega/blob/main/LICENSE */\n"
)
LIGHT = 900_000  # bytes; a picture of a page has less
SCALES = (1.0, 0.7, 0.5, 0.35)  # of a picture, the first at which it is light enough
COLORS = 128  # of a drawing; what is smoothed between them is not told apart
QUALITY = 80  # of a photograph


def write_assets(folder: Path, *, plots: bool = True) -> list[Path]:
    """Write what every page loads: style, scripts, icon, and the library of the plots.

    Args:
        folder: Where they go.
        plots: Whether there are any.

    Returns:
        The files.
    """
    written = []
    for source in sorted(path for path in ASSETS.iterdir() if path.is_file()):
        with atomic_write(folder / source.name) as path:
            shutil.copyfile(source, path)
        written.append(folder / source.name)
    if plots:
        with atomic_write(folder / VEGA) as path:
            path.write_text(_vega(), encoding="utf-8")
        written.append(folder / VEGA)
    return written


def _vega() -> str:
    """Bundle the library of the plots; it comes with a package, nothing is fetched."""
    import vl_convert

    script = "window.vegaEmbed = vegaEmbed;"
    return LICENCE + vl_convert.javascript_bundle(script, vl_version=VEGA_LITE)


def write_picture(source: Path, out: Path) -> None:
    """Write a picture as WebP: as a drawing or as a photograph, whichever is lighter.

    Raises:
        DsltError: The picture is missing or damaged, or light at no size.
    """
    try:
        with Image.open(source) as opened:
            full = opened.convert("RGB")
    except OSError as error:
        raise DsltError(f"{source}: not a readable picture ({error}); draw it again") from error
    for scale in SCALES:
        data = _webp(full, scale)
        if len(data) < LIGHT:
            with atomic_write(out) as path:
                path.write_bytes(data)
            return
    raise DsltError(f"{source}: {full.width} x {full.height} pixels do not fit into {LIGHT} bytes")


def _webp(picture: Image.Image, scale: float) -> bytes:
    """Encode a picture at a part of its size."""
    if scale < 1:
        size = (round(scale * picture.width), round(scale * picture.height))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    drawing, photograph = io.BytesIO(), io.BytesIO()
    few = picture.quantize(COLORS, dither=Image.Dither.NONE).convert("RGB")
    few.save(drawing, "WEBP", lossless=True, quality=60, method=4)
    picture.save(photograph, "WEBP", quality=QUALITY, method=4)
    return min(drawing.getvalue(), photograph.getvalue(), key=len)
