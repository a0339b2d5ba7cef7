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

# It reads process ids, an empty line where Helm has ended. The end of the input is the end of the module.
SCRIPT = """
trap '' HUP INT TERM
helm=
while read -r line; do helm=$line; done
[ -z "$helm" ] || kill -TERM "$helm"
rm -rf "$0"
"""


class Guard:
    """Waits beside the module.

    Args:
        folder: what to remove when the module is gone; the module removes it itself where it can.
    """

    def __init__(self, folder: str) -> None:
        reading, self._writing = os.pipe()  # no child inherits it
        quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
        self._shell = os.posix_spawn(
            "/bin/sh",
            ["/bin/sh", "-c", SCRIPT, folder],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, reading, 0), *quiet],
            setsid=True,  # what is sent to the module's group is not for it
        )
        os.close(reading)

    def follow(self, pid: int | None) -> None:
        """The Helm that is to end with the module; None when it has ended."""
        with contextlib.suppress(OSError):  # somebody ended the shell: the module goes on without it
            os.write(self._writing, f"{pid or ''}\n".encode())

    def close(self) -> None:
        """The module ends well, and has removed its folder."""
        os.close(self._writing)
        os.waitpid(self._shell, 0)
