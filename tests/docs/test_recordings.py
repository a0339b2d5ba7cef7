# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools of the pictures in docs/images: what a terminal shows and when, the SVG of it, and the palette of screenshots."""

from __future__ import annotations

import io
import os
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from conftest import ROOT
from PIL import Image

sys.path.insert(0, str(ROOT / "tools" / "recordings"))
import drawing
import screenshots
import terminal
from terminal import Line

SVG = "{http://www.w3.org/2000/svg}"


def build_lines(count: int, every: float = 0.5) -> list[Line]:
    return [Line(number * every, f"line {number}") for number in range(count)]


# recording


def test_a_recording_has_the_command_and_what_it_prints_in_a_terminal(tmp_path: Path):
    command = f"test -t 1 && printf '\\e[32mgreen\\e[0m\\n' && stty size && pwd && echo {tmp_path}er"
    lines = [line.text for line in terminal.record(command, tmp_path, dict(os.environ), {str(tmp_path): "~/here"})]
    assert lines[0].startswith(f"{terminal.PROMPT}test -t 1") and str(tmp_path) not in lines[3]
    assert lines[1:4] == ["\x1b[32mgreen\x1b[0m", f"{terminal.ROWS} {terminal.COLUMNS}", "~/here"]
    assert lines[4] == f"{tmp_path}er", "only whole paths have another name"


def test_a_command_that_fails_is_not_recorded(tmp_path: Path):
    with pytest.raises(SystemExit, match="no such thing"):
        terminal.record("echo no such thing; false", tmp_path, dict(os.environ), {})


def test_a_line_has_the_time_of_its_end_and_letters_stay_whole():
    euro = "€".encode()
    chunks = [(0.0, b"a" + euro[:1]), (1.0, euro[1:] + b"\r\nb"), (2.5, b"c\n\n")]
    assert terminal.split(chunks) == [Line(1.0, "a€"), Line(2.5, "bc"), Line(2.5, "")]


def test_recordings_are_joined_and_kept(tmp_path: Path):
    lines = terminal.join(build_lines(2), build_lines(2), pause=3)
    assert [(line.seconds, line.text) for line in lines] == [
        (0.0, "line 0"),
        (0.5, "line 1"),
        (3.5, ""),
        (3.5, "line 0"),
        (4.0, "line 1"),
    ]
    terminal.save(lines, tmp_path / "a" / "x.cast")
    assert terminal.load(tmp_path / "a" / "x.cast") == lines


# drawing


def test_pauses_are_shortened_and_lines_that_came_at_once_are_spread():
    times = drawing.shorten([Line(0, "a"), Line(0, "b"), Line(0.3, "c"), Line(60, "d")])
    steps = [round(after - before, 2) for before, after in zip(times, times[1:], strict=False)]
    assert steps == [drawing.SHORTEST_PAUSE, 0.3, drawing.LONGEST_PAUSE]


def test_a_picture_has_the_lines_with_their_colours_and_no_more_than_the_screen_is_wide():
    long = "x" * (terminal.COLUMNS + 20)
    svg = drawing.draw([Line(0, "\x1b[31mred\x1b[0m <plain> & more"), Line(1, "  in"), Line(2, long)], "A & B")
    assert drawing.read_lines(svg) == ["red <plain> & more", "  in", long[: terminal.COLUMNS]]
    root = ET.fromstring(svg)
    assert root.find(f"{SVG}title").text == "A & B" and root.get("role") == "img"
    classes = [one.get("class") for one in root.iter(f"{SVG}text")]
    assert len(set(classes[:2])) == 2, "colours differ"
    assert "prefers-reduced-motion" in svg and not re.search(r"url\(.?http|href=|@font-face|<script", svg)


@pytest.mark.parametrize(("count", "end"), [(3, 0), (terminal.ROWS + 4, -4)])
def test_a_picture_ends_with_the_last_screen(count: int, end: int):
    svg = drawing.draw(build_lines(count), "x")
    assert f".lines {{ transform: translateY({round(end * drawing.LINE, 1) or 0.0}px)" in svg
    frames = re.search(r"@keyframes scroll { (.*) }", svg)[1]
    assert frames.count("translateY") == 1 + max(0, count - terminal.ROWS)
    percents = [float(found) for found in re.findall(r"([\d.]+)% {", frames)]
    assert percents == sorted(percents) and percents[-1] < 100


# screenshots


def test_a_palette_keeps_colours_and_saves_bytes():
    picture = Image.effect_mandelbrot((400, 300), (-2, -1.5, 1, 1.5), 40).convert("RGB")
    picture.putpixel((3, 3), (0, 90, 200))
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    reduced = screenshots.reduce(packed.getvalue())
    again = Image.open(io.BytesIO(reduced))
    assert again.mode == "P" and again.size == (400, 300) and len(reduced) < len(packed.getvalue())
    assert max(abs(a - b) for a, b in zip(again.convert("RGB").getpixel((3, 3)), (0, 90, 200), strict=True)) < 20
