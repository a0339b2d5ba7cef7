# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of eks_cluster, and of all modules without another one: meta/runtime.yml routes them to it."""

from __future__ import annotations

from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.kumo.eks.plugins.plugin_utils.installed_modules import InstalledModules


class ActionModule(InstalledModules, NormalAction):
    """What Ansible does for a module without an action, with the module run from where it is installed."""
