# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module from where it is installed. Usage: run_module.py MODULE FOLDER... < arguments as JSON.

Standard error has lines for the screen while it runs, see module_utils/core/progress.py.
"""

from __future__ import annotations

import runpy
import sys


def main() -> None:
    """Run the module by its Python name; the folders are those that have collections."""
    module, folders = sys.argv[1], sys.argv[2:]
    del sys.path[0], sys.argv[1:]  # this file's folder; and what a module would take for its arguments
    sys.path.extend(folders)  # at the end, so that nothing in them hides Python's own modules
    from ansible_collections.kumo.eks.plugins.module_utils.core.progress import PROGRESS

    PROGRESS.show_on(sys.stderr)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
