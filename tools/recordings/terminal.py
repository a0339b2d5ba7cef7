"""What commands print in a terminal, and when: recorded once, kept as an asciicast (https://docs.asciinema.org/manual/asciicast/v2/)."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

COLUMNS, ROWS = 110, 30
PROMPT = "\x1b[1;34m$\x1b[0m "


@dataclass(frozen=True)
class Line:
    """A line with its colours as escape sequences, and the second in which it was complete."""

    seconds: float
    text: str


def record(command: str, folder: Path, environment: dict[str, str], places: dict[str, str]) -> list[Line]:
    """Run a command of bash in a separate terminal. ``places`` are paths of this machine, and what they are called in the recording.

    The first lines are the prompt and the command. A command that fails is an error, with what it printed.
    """
    started, chunks = time.monotonic(), [(0.0, f"{PROMPT}{command}\n".encode())]
    own, terminal = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", f"stty cols {COLUMNS} rows {ROWS}; {command}"],
        cwd=folder,
        env={**environment, "TERM": "xterm-256color"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    while data := read(own):
        chunks.append((time.monotonic() - started, data))
    os.close(own)
    lines = [Line(line.seconds, rename(line.text, places)) for line in split(chunks)]
    if process.wait():
        raise SystemExit("\n".join([*(line.text for line in lines), f"{command} has failed"]))
    return lines


def read(terminal: int) -> bytes:
    """The next bytes; none at the end, which Linux tells by an error (EIO)."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def split(chunks: list[tuple[float, bytes]]) -> list[Line]:
    """The lines of what was printed, each with the time of its end."""
    lines, rest = [], b""
    for seconds, data in chunks:
        *complete, rest = (rest + data).split(b"\n")
        lines += [Line(round(seconds, 2), line.rstrip(b"\r").decode(errors="replace")) for line in complete]
    return lines


def rename(text: str, places: dict[str, str]) -> str:
    """Text without the paths of the machine on which it was recorded."""
    for path, name in places.items():
        text = re.sub(rf"{re.escape(path)}(?![\w-])", name, text)
    return text


def join(*recordings: list[Line], pause: float = 2.0) -> list[Line]:
    """Recordings one after the other, with an empty line between them."""
    lines: list[Line] = []
    for recording in recordings:
        begins = lines[-1].seconds + pause if lines else 0.0
        lines += [Line(begins, "")] if lines else []
        lines += [Line(round(begins + line.seconds, 2), line.text) for line in recording]
    return lines


def save(lines: list[Line], path: Path) -> None:
    """Keep a recording where asciinema can play it."""
    head = {"version": 2, "width": COLUMNS, "height": ROWS}
    rows = [head, *([line.seconds, "o", f"{line.text}\r\n"] for line in lines)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def load(path: Path) -> list[Line]:
    _head, *rows = map(json.loads, path.read_text().splitlines())
    return [Line(seconds, text.removesuffix("\r\n")) for seconds, _kind, text in rows]
