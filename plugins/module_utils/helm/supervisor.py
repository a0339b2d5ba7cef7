# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cleans up after a module that is killed with SIGKILL: its Helm processes are ended and its folder is removed.

A killed process cannot do that itself, and its Helm processes would go on unseen. So a shell waits at a pipe whose other
end only the module holds. Helm's output has no reader by then, so it ends at the message it would write about the signal
and leaves its release pending, which the option recover of eks_helm frees.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

# It reads "+ pid" when a Helm process starts and "- pid" when it has ended. End of input is the end of the module.
SCRIPT = """
(
  trap '' HUP INT TERM
  running=
  while read -r sign pid; do
    case $sign in
      +) running="$running $pid" ;;
      -) left=; for each in $running; do [ "$each" = "$pid" ] || left="$left $each"; done; running=$left ;;
    esac
  done
  [ -z "$running" ] || kill -TERM $running
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

    def follow(self, pid: int) -> None:
        """End this process with the module."""
        self._write(f"+ {pid}\n")

    def forget(self, pid: int) -> None:
        """The process has ended."""
        self._write(f"- {pid}\n")

    def _write(self, line: str) -> None:
        # One write of fewer than PIPE_BUF bytes is atomic, so lines of several threads do not mix.
        with contextlib.suppress(BrokenPipeError):  # somebody ended the shell: the module goes on without it
            os.write(self._writer, line.encode())

    def close(self) -> None:
        """The module ends normally, and has removed its folder."""
        os.close(self._writer)
