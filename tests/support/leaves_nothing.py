# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command, and fails if the account has something afterwards that it did not have before, or the other way round.

Usage: leaves_nothing.py COMMAND [ARGUMENT ...]. The account is that of the environment.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import boto3

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.account.comparison import compare
from support.account.listing import leave_out_remains, list_account


def main(command: list[str]) -> int:
    """The command's exit code; 1 where it succeeded and left something."""
    before = leave_out_remains(list_account(boto3.client))
    code = subprocess.run(command, check=False).returncode
    lines = compare(leave_out_remains(list_account(boto3.client)), before)
    for line in lines:
        print(f"not as before: {line}".replace("in the first", "after").replace("in the second", "before"))
    return code or int(bool(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
