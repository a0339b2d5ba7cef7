"""Images are loaded when somebody asks for one: moto makes hundreds, each with its snapshot, for every region and at each reset."""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.ec2.models import amis
from moto.ec2.models.amis import AmiBackend
from moto.utilities.utils import load_resource

from kumo_sandbox.moto_fixes.hooks import Method, around

Images = dict[str, Any]


@around(AmiBackend, "_load_amis")
def load_later(original: Method, backend: Any) -> None:
    """Keep in mind how the images are loaded, instead of loading them."""
    backend._load = original


def _get_images(backend: Any) -> Images:
    load, backend._load = getattr(backend, "_load", None), None
    if load:
        load(backend)
    return backend._images


def _set_images(backend: Any, images: Images) -> None:
    backend._images = images


AmiBackend.amis = property(_get_images, _set_images)


@around(AmiBackend, "describe_images")
def find_image(
    original: Method, backend: Any, ami_ids: Any = None, filters: Any = None, *limits: Any, **more: Any
) -> list[Any]:
    """Each instance asks for its image. Those of EKS are none of moto's, and need none of them loaded."""
    wanted = (filters or {}).get("image-id")
    if isinstance(wanted, str) and len(filters) == 1 and not any((ami_ids, *limits, *more.values())):
        is_loaded = getattr(backend, "_load", None) is None
        images = backend.amis if is_loaded or wanted in _list_ids(backend.region_name) else backend._images
        return [images[wanted]] if wanted in images else []
    return original(backend, ami_ids, filters, *limits, **more)


@cache
def _list_ids(region: str) -> frozenset[str]:
    """The images that moto loads in a region."""
    files = [amis.AMIS]
    for name in ("latest_amis", "ecs/optimized_amis"):
        try:
            files.append(load_resource(f"ec2/resources/{name}/{region}.json"))
        except FileNotFoundError:  # moto has no images of new regions
            continue
    return frozenset(row["ami_id"] for rows in files for row in rows)
