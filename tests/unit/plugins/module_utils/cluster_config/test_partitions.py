# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import botocore.session
import pytest

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.partitions import get_partition

SESSION = botocore.session.Session()
REGIONS = [
    region
    for partition in SESSION.get_available_partitions()
    for region in SESSION.get_available_regions("eks", partition)
]


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_is_in_the_partition_that_botocore_knows(region: str):
    assert get_partition(region) == SESSION.get_partition_for_region(region)
