"""The public SSM parameters of EKS' machine images, which moto does not have.

Names: https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from kumo_sandbox.eks.versions import VERSIONS, release_version

PREFIX = "/aws/service/eks"
LAST_WITH_AL2 = 32  # Amazon Linux 2 images end with Kubernetes 1.32
AL2023 = tuple(
    f"amazon-linux-2023/{architecture}/{variant}"
    for architecture, variants in (("x86_64", ("standard", "nvidia", "neuron")), ("arm64", ("standard", "nvidia")))
    for variant in variants
)
AL2 = ("amazon-linux-2", "amazon-linux-2-gpu", "amazon-linux-2-arm64")


def image_id(region: str, version: str, image: str) -> str:
    """A made-up image, the same one each time it is asked for."""
    return f"ami-{hashlib.sha256(f'{region}/{version}/{image}'.encode()).hexdigest()[:17]}"


def rows(region: str) -> Iterator[tuple[str, str]]:
    """Name and value of every parameter."""
    for version in VERSIONS:
        for image in AL2023 + (AL2 if version.minor <= LAST_WITH_AL2 else ()):
            fields = {
                "image_id": image_id(region, version.name, image),
                "image_name": f"{image.split('/')[0]}-eks-node-{version.name}-v20261105",
                "release_version": release_version(version.name),
            }
            base = f"{PREFIX}/optimized-ami/{version.name}/{image}/recommended"
            yield base, json.dumps({"schema_version": "2", **fields})
            yield from ((f"{base}/{key}", value) for key, value in fields.items())


def offer_images() -> None:
    """Let moto's parameter store know the images from now on, each region's when it is first asked for."""
    from moto.ssm.models import Parameter, ParameterDict

    if hasattr(ParameterDict, "_load_other_services"):
        return
    others = ParameterDict._check_loading_status

    def check(store: Any, key: str) -> None:
        others(store, key)
        if str(key or "").startswith(PREFIX) and not store.__dict__.get("_eks_loaded"):
            store.__dict__["_eks_loaded"] = True
            moment = datetime.datetime.now(datetime.UTC)
            for name, value in rows(store.region_name):
                made = Parameter(
                    store.account_id, name, value, "String", None, None, None, moment, version=1, data_type="text"
                )
                dict.__setitem__(store, name, [made])

    ParameterDict._load_other_services = others
    ParameterDict._check_loading_status = check
