# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tags:
    description:
      - The tags of the resource. Keys are never rewritten.
      - Left out, tags are left alone; V({}) removes them all.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description:
      - Whether tags that are not in O(tags) are removed. It matters only where O(tags) is given.
      - Tags whose keys begin with C(aws:) are AWS' own and stay.
    type: bool
    default: true
"""
