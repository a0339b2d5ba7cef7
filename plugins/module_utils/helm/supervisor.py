# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clears up after a module that is killed outright: its Helm is ended, its folder removed.

A killed process cannot do that itself, and its Helm would work on unseen. So a shell waits at a pipe whose other end
only the module holds. Helm's output has no reader any more, so it ends at the word it would say about the signal and
leaves its release pending, which the option recover of eks_helm frees.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

# It reads process ids, an empty line where Helm has ended. The end of the input is the end of the module.
SCRIPT = """
(
  trap '' HUP INT TERM
  helm=
  while read -r line; do helm=$line; done
  [ -z "$helm" ] || kill -TERM "$helm"
  rm -rf "$0"
) </dev/fd/%d >/dev/null 2>&1 &
"""


class Supervisor:
    """Waits beside the module.

    Args:
        module: the Ansible module.
        folder: what to remove when the module is gone; the module removes it itself where it can.
    """

    def __init__(self, module: Any, folder: str) -> None:
        reader, self._writer = os.pipe()
        module.run_command(["/bin/sh", "-c", SCRIPT % reader, folder], pass_fds=[reader], expand_user_and_vars=False)
        os.close(reader)

    def follow(self, pid: int | None) -> None:
        """The Helm that is to end with the module; None when it has ended."""
        with contextlib.suppress(BrokenPipeError):  # somebody ended the shell: the module goes on without it
            os.write(self._writer, f"{pid or ''}\n".encode())

    def close(self) -> None:
        """The module ends well, and has removed its folder."""
        os.close(self._writer)
