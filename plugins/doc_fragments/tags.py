# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tags:
    description:
      - The tags of the resource. Keys are never rewritten.
      - If it is omitted, tags are not changed. V({}) removes all of them.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description:
      - Whether tags that are not in O(tags) are removed. Used only if O(tags) is given.
      - Tags with the prefix C(aws:) belong to AWS and are kept.
    type: bool
    default: true
"""
