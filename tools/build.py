"""Builds the tarball of the collection, the same bytes from the same sources: build.py [FOLDER]

It has what Git tracks, as it is in the checkout, without what galaxy.yml ignores. ansible-galaxy builds it, with the time of the build and in the order of
the file system (_build_files_manifest_walk and _build_collection_tar in ansible/galaxy/collection/__init__.py). So it is packed again, sorted, and
with the time SOURCE_DATE_EPOCH, or that of the last commit.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GALAXY = Path(sys.executable).with_name("ansible-galaxy")


def run_git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def read_time() -> int:
    """The seconds since 1970 that all files get."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or run_git("log", "-1", "--format=%ct"))


def copy_sources(folder: Path) -> None:
    """Copy what Git tracks, and say what it does not."""
    others = run_git("ls-files", "-z", "--others", "--exclude-standard").split("\0")[:-1]
    if others:
        print(f"build.py: not tracked by Git, and left out: {', '.join(sorted(others))}", file=sys.stderr)
    for name in run_git("ls-files", "-z").split("\0")[:-1]:
        if (ROOT / name).is_file():  # not one that is deleted, and not committed yet
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name, follow_symlinks=False)


def repack(data: bytes, seconds: int) -> bytes:
    """The same files in the order of their names, all of this time, with the checksums of the new manifest."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = {member.name: member for member in tar.getmembers()}
        contents = {name: tar.extractfile(member).read() for name, member in members.items() if member.isfile()}  # type: ignore[union-attr]
    files = json.loads(contents["FILES.json"])
    files["files"].sort(key=lambda row: row["name"] if row["name"] != "." else "")
    contents["FILES.json"] = to_json(files)
    manifest = json.loads(contents["MANIFEST.json"])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(contents["FILES.json"]).hexdigest()
    contents["MANIFEST.json"] = to_json(manifest)
    first = ["MANIFEST.json", "FILES.json"]  # where Galaxy looks for them
    return compress([members[name] for name in first + sorted(set(members) - set(first))], contents, seconds)


def to_json(value: object) -> bytes:
    return json.dumps(value, indent=1).encode()  # as ansible-galaxy writes it


def compress(members: list[tarfile.TarInfo], contents: dict[str, bytes], seconds: int) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=seconds) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for member in members:
            member.mtime, member.pax_headers = seconds, {}
            content = contents.get(member.name, b"")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def build(folder: Path) -> Path:
    """Build the tarball into a folder; its path."""
    with tempfile.TemporaryDirectory() as scratch:
        sources, built = Path(scratch, "sources"), Path(scratch, "built")
        sources.mkdir()
        copy_sources(sources)
        command = [str(GALAXY), "collection", "build", "--output-path", str(built)]
        subprocess.run(command, cwd=sources, stdout=subprocess.DEVNULL, check=True)
        [path] = built.glob("*.tar.gz")
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / path.name
        target.write_bytes(repack(path.read_bytes(), read_time()))
    return target


if __name__ == "__main__":
    print(build(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()))
