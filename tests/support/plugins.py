# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plugins of the controller in this process: Ansible finds those of collections while this is at work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from ansible.plugins.loader import init_plugin_loader
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder


@contextmanager
def find_collections() -> Iterator[None]:
    """Let Ansible's loaders find the plugins of installed collections, as its commands do.

    Ansible knows a collection only if its own finder has imported it, so what Python imported before is put aside.
    """
    aside = take_collections()
    init_plugin_loader([])
    try:
        yield
    finally:
        _AnsibleCollectionFinder._remove()
        take_collections()
        sys.modules.update(aside)


def take_collections() -> dict[str, ModuleType]:
    """Remove the modules of collections from those that Python has imported; the modules by their names."""
    names = [name for name in sys.modules if name.partition(".")[0] == "ansible_collections"]
    return {name: sys.modules.pop(name) for name in names}
