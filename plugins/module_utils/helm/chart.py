# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A chart on this machine, a folder or an archive, read without Helm."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where modules run

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import LocalFileError

MAX_FILE = 5 * 1024 * 1024  # bytes; Helm takes no larger file in a chart either


@dataclass(frozen=True)
class Chart:
    """A chart.

    Args:
        path: its folder or archive.
        about: its Chart.yaml.
    """

    path: str
    about: dict[str, Any] = field(repr=False)

    @property
    def title(self) -> str:
        """Name and version as Helm lists them: my-chart-0.1.0."""
        return f"{self.about['name']}-{self.about['version']}"

    @property
    def app_version(self) -> str:
        return str(self.about.get("appVersion") or "")

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Its files by their path in the chart."""
        return dict(_read_folder(self.path) if os.path.isdir(self.path) else _read_archive(self.path))


def read_chart(path: str) -> Chart:
    """The chart in a folder or an archive.

    Raises:
        EksError: it is none.
    """
    try:
        text = _read_chart_yaml(path)
        about = yaml.safe_load(text) if text is not None else None
    except (OSError, tarfile.TarError, yaml.YAMLError) as error:
        raise LocalFileError(f"chart: {path} cannot be read: {error}") from error
    if not isinstance(about, dict) or not about.get("name") or not about.get("version"):
        raise LocalFileError(f"chart: {path} cannot be read: it has no Chart.yaml with a name and a version")
    return Chart(path, about)


def _read_chart_yaml(path: str) -> bytes | None:
    if os.path.isdir(path):
        try:
            with open(os.path.join(path, "Chart.yaml"), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
    return next((text for name, text in _read_archive(path) if name == "Chart.yaml"), None)


def _read_folder(root: str) -> Iterator[tuple[str, bytes]]:
    """The files of a folder. Helm follows links, too."""
    for folder, _folders, names in os.walk(root, followlinks=True):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.path.getsize(path) <= MAX_FILE:
                with open(path, "rb") as file:
                    yield os.path.relpath(path, root).replace(os.sep, "/"), file.read()


def _read_archive(path: str) -> Iterator[tuple[str, bytes]]:
    """The files of an archive, whose paths begin with the chart's name."""
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            name = member.name.removeprefix("./").partition("/")[2]
            file = archive.extractfile(member) if member.isfile() and member.size <= MAX_FILE else None
            if name and file:
                yield name, file.read()
