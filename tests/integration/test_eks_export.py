# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_export: clusters of others and of kumo.eks as declarations that change nothing."""

from __future__ import annotations

import pytest
import yaml
from support import existing_clusters

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.config import build_role_variables

NAME, REGION = "my-cluster", "ap-northeast-1"


@pytest.fixture
def export(run_module):
    def run(**options):
        result = run_module("eks_export", {"cluster_name": NAME, "region": REGION, **options})
        assert not result["failed"], result["msg"]
        return result

    return run


def test_there_is_no_such_cluster(sandbox, export):
    assert export()["exists"] is False


@pytest.mark.parametrize("make", existing_clusters.MAKERS.values(), ids=existing_clusters.MAKERS)
def test_a_cluster_of_somebody_else(sandbox, export, make):
    make(sandbox)
    found = export()
    print(found["role_variables_text"])
    print(found["cluster_config_text"])
    assert found["exists"] and not found["owned"] and found["role_variables"]["eks_cluster_adopt"] is True
    assert yaml.safe_load(found["cluster_config_text"]) == found["cluster_config"]
    assert build_role_variables(found["cluster_config"])["eks_cluster_name"] == NAME
    assert export() == found
