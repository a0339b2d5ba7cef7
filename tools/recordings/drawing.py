"""A recording as an SVG that moves: lines appear as they were printed, with shorter pauses, once. It asks no server for anything.

Rich draws the lines. What is added here is the screen that they scroll through. A viewer that does not animate, or whose user wants no motion, shows
the last screen.
"""

from __future__ import annotations

import io
import re
from html import escape, unescape
from string import Template

from rich.console import Console
from rich.text import Text
from terminal import COLUMNS, ROWS, Line

LINE, GLYPH, MARGIN = 24.4, 12.2, 12  # pixels: the height of a line and the width of a character as Rich draws them
LONGEST_PAUSE, SHORTEST_PAUSE = 1.0, 0.06  # seconds between two lines
SCREEN = (round(COLUMNS * GLYPH), round(ROWS * LINE))
BACKGROUND = "#292929"  # that of rich.terminal_theme.SVG_EXPORT_THEME
# draw() fills in what begins with a dollar, and Rich what is in single braces.
FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $width $height" role="img">
<title>$title</title>
<style>
text {{ font: 20px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }}
{styles}
.lines {{ transform: translateY(${scrolled}px); animation: scroll ${seconds}s step-end both }}
.rest {{ transform: translateY(${end}px); animation: appear ${seconds}s step-end both }}
@keyframes scroll {{ $scrolls }}
@keyframes appear {{ $appears }}
@media (prefers-reduced-motion: reduce) {{ .lines, .rest {{ animation: none }} }}
</style>
<clipPath id="screen"><rect width="$screen_width" height="$screen_height"/></clipPath>
<rect width="100%" height="100%" rx="8" fill="$background"/>
<g transform="translate($margin $margin)"><g clip-path="url(#screen)"><g class="lines">
{matrix}
<rect class="rest" width="100%" height="$screen_height" fill="$background"/>
</g></g></g>
</svg>
"""


def draw(lines: list[Line], title: str) -> str:
    """The SVG. Lines that are longer than the screen is wide are cut off."""
    times = shorten(lines)
    seconds, end = round(times[-1] + LONGEST_PAUSE, 2), round(len(lines) * LINE, 1)
    scrolls = [(at, (ROWS - shown) * LINE) for shown, at in enumerate(times, 1) if shown > ROWS]
    # When the screen is full, what comes is below it, and needs no cover.
    appears = [(at, shown * LINE if shown < ROWS else end) for shown, at in enumerate(times, 1) if shown <= ROWS]
    template = Template(FORMAT).substitute(
        title=escape(title),
        seconds=seconds,
        end=end,
        scrolled=round(min(0.0, (ROWS - len(lines)) * LINE), 1),
        scrolls=write_frames(scrolls, seconds),
        appears=write_frames(appears, seconds),
        **{"width": SCREEN[0] + 2 * MARGIN, "height": SCREEN[1] + 2 * MARGIN, "margin": MARGIN},
        **{"screen_width": SCREEN[0], "screen_height": SCREEN[1], "background": BACKGROUND},
    )
    return compact(draw_lines(lines, template))


def shorten(lines: list[Line]) -> list[float]:
    """When each line appears: what came at once is spread, long pauses are cut."""
    times, last = [], 0.0
    for before, line in zip([lines[0], *lines], lines, strict=False):
        last = round(last + min(max(line.seconds - before.seconds, SHORTEST_PAUSE), LONGEST_PAUSE), 2)
        times.append(last)
    return times


def write_frames(moves: list[tuple[float, float]], seconds: float) -> str:
    """Keyframes for moves of (second, pixels down), from the beginning on."""
    return " ".join(
        f"{100 * at / seconds:.4g}% {{{{ transform: translateY({pixels:.1f}px) }}}}"
        for at, pixels in [(0.0, 0.0), *moves]
    )


def draw_lines(lines: list[Line], template: str) -> str:
    """The template with the lines in it."""
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(Text.from_ansi(line.text), no_wrap=True, overflow="crop", crop=True)
    return console.export_svg(code_format=template, unique_id="t")


def compact(svg: str) -> str:
    """Without what Rich adds for fonts that are wider than others: a clipping path for each line."""
    return re.sub(r' clip-path="url\(#t-line-\d+\)"', "", svg).replace("</text><text", "</text>\n<text")


def read_lines(svg: str) -> list[str]:
    """What is written in a recording, line by line."""
    rows: dict[str, str] = {}
    for x, y, text in re.findall(r'<text class="[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        rows[y] = rows.get(y, "").ljust(round(float(x) / GLYPH)) + unescape(text).replace("\xa0", " ")
    return [row.rstrip() for row in rows.values()]
