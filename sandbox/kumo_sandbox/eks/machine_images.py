"""The public SSM parameters of EKS' machine images.

Names: https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from kumo_sandbox.eks.versions import VERSIONS, build_release_version

PREFIX, BOTTLEROCKET_PREFIX = "/aws/service/eks", "/aws/service/bottlerocket"
WINDOWS_PREFIX = "/aws/service/ami-windows-latest"
BOTTLEROCKET = tuple(
    (variant, chip) for variant in ("", "-nvidia", "-fips", "-nvidia-fips") for chip in ("x86_64", "arm64")
)
WINDOWS = tuple((year, edition) for year in ("2019", "2022", "2025") for edition in ("Core", "Full"))
LAST_WITH_AL2 = 32  # Amazon Linux 2 images end with Kubernetes 1.32
AL2023 = tuple(
    f"amazon-linux-2023/{architecture}/{variant}"
    for architecture, variants in (("x86_64", ("standard", "nvidia", "neuron")), ("arm64", ("standard", "nvidia")))
    for variant in variants
)
AL2 = ("amazon-linux-2", "amazon-linux-2-gpu", "amazon-linux-2-arm64")


def build_image_id(region: str, version: str, image: str) -> str:
    """A made-up image, the same one each time it is asked for."""
    return f"ami-{hashlib.sha256(f'{region}/{version}/{image}'.encode()).hexdigest()[:17]}"


def list_parameters(region: str) -> Iterator[tuple[str, str]]:
    """Name and value of every parameter."""
    for version in VERSIONS:
        for image in AL2023 + (AL2 if version.minor <= LAST_WITH_AL2 else ()):
            fields = {
                "image_id": build_image_id(region, version.name, image),
                "image_name": f"{image.split('/')[0]}-eks-node-{version.name}-v20261105",
                "release_version": build_release_version(version.name),
            }
            base = f"{PREFIX}/optimized-ami/{version.name}/{image}/recommended"
            yield base, json.dumps({"schema_version": "2", **fields})
            yield from ((f"{base}/{key}", value) for key, value in fields.items())
        yield from list_bottlerocket_parameters(region, version.name)
        for image in _list_windows_images(version.name):
            yield f"{WINDOWS_PREFIX}/{image}/image_id", build_image_id(region, version.name, image)


def list_bottlerocket_parameters(region: str, version: str) -> Iterator[tuple[str, str]]:
    """https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id-bottlerocket.html"""
    for variant, architecture in BOTTLEROCKET:
        image = f"aws-k8s-{version}{variant}/{architecture}"
        base = f"{BOTTLEROCKET_PREFIX}/{image}/latest"
        yield f"{base}/image_id", build_image_id(region, version, image)
        yield f"{base}/image_version", build_release_version(version, "BOTTLEROCKET")


def _list_windows_images(version: str) -> Iterator[str]:
    """https://docs.aws.amazon.com/eks/latest/userguide/retrieve-windows-ami-id.html"""
    for year, edition in WINDOWS:
        yield f"Windows_Server-{year}-English-{edition}-EKS_Optimized-{version}"


def find_version(region: str, image_id: str) -> str | None:
    """The Kubernetes version of one of EKS' images, None for another one."""
    for version in VERSIONS:
        bottlerocket = (f"aws-k8s-{version.name}{variant}/{chip}" for variant, chip in BOTTLEROCKET)
        for image in (*AL2023, *AL2, *bottlerocket, *_list_windows_images(version.name)):
            if build_image_id(region, version.name, image) == image_id:
                return version.name
    return None
