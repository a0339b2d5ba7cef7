"""Pictures of HTML pages, as a desktop and a phone show them, beside each other in one PNG with a palette."""

from __future__ import annotations

import io
from html import escape
from pathlib import Path

from PIL import Image
from support.browser import Browser, Screen

COLORS, SCALE = 128, 1.5
DESKTOP, PHONE, GAP = 856, 372, 16  # CSS pixels
FRAMES = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Pages</title>
<style>
body {{ margin: 0; padding: {gap}px; display: flex; gap: {gap}px; background: #d8dee4 }}
iframe {{ border: 1px solid #8c959f; border-radius: 8px; height: {height}px }}
</style>
<iframe src="{page}" style="width: {desktop}px"></iframe><iframe src="{page}" style="width: {phone}px"></iframe>
"""


def photograph(browser: Browser, page: Path, height: int) -> bytes:
    """The top of a page, this many CSS pixels high, as PNG."""
    frames = page.with_name(f"frames-{page.name}")
    frames.write_text(FRAMES.format(gap=GAP, height=height, page=escape(page.name), desktop=DESKTOP, phone=PHONE))
    screen = Screen("both", DESKTOP + PHONE + 3 * GAP + 4, height + 2 * GAP + 2)
    shot = frames.with_suffix(".png")
    browser.open(frames, screen, scale=SCALE).keep_screenshot(shot)
    return reduce(shot.read_bytes())


def reduce(png: bytes) -> bytes:
    """The picture with a palette, which is enough for text: a third of the size, and colours stay what they are."""
    packed = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLORS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        packed, "PNG", optimize=True
    )
    return packed.getvalue()
