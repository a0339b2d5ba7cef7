# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the resource is ACTIVE or deleted, instead of returning when EKS has accepted the request.
      - If EKS accepts several changes only one after the other, the module always waits for all but the last of them.
      - The module waits for each update by its ID. If an update fails, the task fails with the errors of EKS.
    type: bool
    default: false
  wait_timeout:
    description: The limit for all waits of one resource together, in seconds.
    type: int
    default: 1200
"""
