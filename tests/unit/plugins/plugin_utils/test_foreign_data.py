# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of AWS in variables: a template in them stays a text."""

from __future__ import annotations

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.kumo.eks.plugins.plugin_utils.foreign_data import mark_foreign


def test_a_template_of_others_is_not_run():
    tags = {"Team": "{{ 1 + 1 }}", "Cost": ["{% if true %}x{% endif %}", "core"], "Count": 3, "None": None}
    templar = Templar(DataLoader(), variables={"tags": mark_foreign(tags)})
    assert templar.template(mark_foreign(tags)) == tags
    assert templar.available_variables["tags"]["Team"] == "{{ 1 + 1 }}"
