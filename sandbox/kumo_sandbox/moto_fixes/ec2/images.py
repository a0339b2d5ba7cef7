"""Images are loaded when somebody asks for one: moto makes hundreds, each with its snapshot, for every region and at each reset."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.amis import AmiBackend

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
