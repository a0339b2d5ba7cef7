#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_upgrade_waves
version_added: 0.1.0
short_description: Divide Amazon EKS clusters into waves of an upgrade or of updates of add-ons, and print what became of them
description:
  - Divides the hosts of a play into waves and batches, and says for each wave whether it has passed, and why later ones are not begun.
  - It calls neither AWS nor Kubernetes, and writes no files. C(kumo.eks.upgrade_fleet) and C(kumo.eks.update_addons_fleet) do the rest.
  - This is an action plugin. It runs on the controller, which knows the inventory.
  - The options of the connection to AWS are accepted, as C(module_defaults) of the action group set them for all modules. They are not used.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  waves:
    description:
      - The waves in their order. Each is a pattern of hosts, like C(eks_tag_Environment_staging) or
        C(eks_tag_Environment_production:&eks_region_eu_west_1), or a dictionary with C(hosts), which is the pattern, and any of C(name), C(batch)
        and C(soak).
      - A host that several patterns match belongs to the first wave. A pattern that matches nothing in the inventory is refused.
    type: list
    elements: raw
    required: true
  hosts:
    description:
      - The hosts of the run. A wave that is to be begun needs all hosts of the waves before it.
    type: list
    elements: str
    required: true
  batch:
    description: How many clusters of a wave are upgraded at the same time. A number, a percentage of the wave, or a list of them.
    type: raw
    default: 100%
  soak:
    description: How long to wait after the upgrades of a wave before its last check, like V(30m), V(2h) or V(1d).
    type: str
    default: '0'
  last_wave:
    description: The wave with which the run ends. Later ones are not begun.
    type: str
  title:
    description: The heading of RV(markdown).
    type: str
    default: Upgrade of a fleet
  outcomes:
    description:
      - What became of each host that was begun, with the keys C(host), C(cluster_name), C(version), C(passed), C(error), C(waiting), C(done) and
        C(upgraded_at).
    type: list
    elements: dict
    default: []
  show:
    description: Whether the table is printed.
    type: bool
    default: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  become:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
  connection:
    support: none
  delegation:
    support: none
  diff_mode:
    support: none
  platform:
    platforms: all
"""

EXAMPLES = r"""
- name: Show the waves
  kumo.eks.eks_upgrade_waves:
    waves:
      - eks_tag_Environment_staging
      - name: production
        hosts: eks_tag_Environment_production:&eks_region_eu_west_1
        batch: [1, 50%]
        soak: 2h
    hosts: "{{ ansible_play_hosts_all }}"
"""

RETURN = r"""
waves:
  description: The waves in their order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
      sample: production
    hosts:
      description: Its hosts in this run.
      returned: always
      type: list
      elements: str
      sample: [shop.eu-west-1]
    state:
      description: V(passed), V(failed), V(waiting_for_window), V(running) or V(not_begun).
      returned: always
      type: str
      sample: not_begun
    reason:
      description: Why it is not begun.
      returned: always
      type: str
      sample: wave staging failed
    soak_seconds:
      description: How long it soaks.
      returned: always
      type: int
      sample: 7200
    soak_left:
      description: How much of that is left, from the end of its upgrades.
      returned: always
      type: int
      sample: 0
    clusters:
      description: Its clusters.
      returned: always
      type: list
      elements: dict
      contains:
        host:
          description: The host.
          returned: always
          type: str
          sample: shop.eu-west-1
        cluster_name:
          description: The cluster's name. Empty if it was not begun.
          returned: always
          type: str
          sample: shop
        version:
          description: The version of its control plane. Empty if it was not begun.
          returned: always
          type: str
          sample: '1.34'
        state:
          description: As that of the wave.
          returned: always
          type: str
          sample: passed
        reason:
          description: Why it failed, or for what it waits.
          returned: always
          type: str
          sample: ''
        done:
          description: The names of what was changed in this run.
          returned: always
          type: str
          sample: vpc-cni, coredns
batches:
  description: The batches of the waves that the run is to reach.
  returned: always
  type: list
  elements: dict
  contains:
    wave:
      description: The name of its wave.
      returned: always
      type: str
      sample: production
    title:
      description: The wave and the number of the batch.
      returned: always
      type: str
      sample: production, batch 1 of 3
    hosts:
      description: Its hosts.
      returned: always
      type: list
      elements: str
      sample: [shop.eu-west-1]
    wave_hosts:
      description: All hosts of its wave.
      returned: always
      type: list
      elements: str
      sample: [shop.eu-west-1, search.eu-west-1]
    is_last:
      description: Whether it is the last one of its wave.
      returned: always
      type: bool
      sample: false
stopped:
  description: Whether nothing more is to be begun.
  returned: always
  type: bool
  sample: true
failure:
  description: Whether that is because of a failure.
  returned: always
  type: bool
  sample: true
reason:
  description: Why. Empty if nothing has stopped.
  returned: always
  type: str
  sample: 'wave staging failed (test.eu-west-1: nodes are not Ready: ip-10-0-1-23)'
not_begun:
  description: The names of waves that are not begun.
  returned: always
  type: list
  elements: str
  sample: [production]
in_no_wave:
  description: Hosts of the run that no wave has.
  returned: always
  type: list
  elements: str
  sample: []
summary:
  description: All of it in some sentences.
  returned: always
  type: str
  sample: 2 of 2 waves have passed.
lines:
  description: The table as lines of text.
  returned: always
  type: list
  elements: str
  sample: []
markdown:
  description: The table as a Markdown page.
  returned: always
  type: str
  sample: '# Upgrade of a fleet'
"""

import time

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import CarefulModule, build_connection_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.waves import build_report, build_waves_spec, read_waves


def main() -> None:
    module = CarefulModule(argument_spec={**build_connection_spec(), **build_waves_spec()}, supports_check_mode=True)
    try:
        waves = read_waves(module.params)
    except ValidationError as error:
        module.fail_json(msg=error.message, **error.facts)
    module.exit_json(
        **build_report(waves, module.params["hosts"], module.params["outcomes"], time.time(), module.params["title"])
    )


if __name__ == "__main__":
    main()
