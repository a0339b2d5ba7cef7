"""Builds the source distribution and the wheel of kumo-sandbox, the same bytes from the same sources: build_sandbox.py [FOLDER]

They have what Git tracks, as it is in the checkout, and the time of the collection's tarball. The wheel is built from the source distribution.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from build import copy_sources, read_time

UV = Path(sys.executable).with_name("uv")


def build_sandbox(folder: Path) -> list[Path]:
    """Build both into a folder; their paths, the wheel first."""
    with tempfile.TemporaryDirectory() as scratch:
        sources, built = Path(scratch, "sources"), Path(scratch, "built")
        copy_sources(sources)
        command = [str(UV), "build", "--quiet", "--python", sys.executable, "--out-dir", str(built), "sandbox"]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(read_time())}
        subprocess.run(command, cwd=sources, env=environment, check=True)
        folder.mkdir(parents=True, exist_ok=True)
        archives = [*built.glob("*.whl"), *built.glob("*.tar.gz")]
        return [Path(shutil.move(path, folder / path.name)) for path in archives]


if __name__ == "__main__":
    for archive in build_sandbox(Path(sys.argv[1] if len(sys.argv) > 1 else "dist").resolve()):
        print(archive)
