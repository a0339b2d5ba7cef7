# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to return when the resource is settled (ACTIVE, or gone) instead of when EKS has taken the request.
      - Changes that EKS takes only one after the other are waited for in any case, but for the last of them.
      - An update is followed by its own id, and one that fails fails the task with the errors EKS gives.
    type: bool
    default: false
  wait_timeout:
    description: The limit for all waits of one resource together, in seconds.
    type: int
    default: 1200
"""
