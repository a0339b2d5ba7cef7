"""EC2's quotas of vCPUs, as Service Quotas tells them."""

from __future__ import annotations

import pytest


def test_the_quota_in_force_is_told(sandbox):
    client = sandbox.client("service-quotas")
    words = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}
    quota = client.get_service_quota(**words)["Quota"]
    assert quota["Value"] == 640 and quota["QuotaName"].startswith("Running On-Demand Standard")
    sandbox.quotas.change({"standard_vcpus": 8})
    assert client.get_service_quota(**words)["Quota"]["Value"] == 8
    with pytest.raises(client.exceptions.NoSuchResourceException):
        client.get_service_quota(ServiceCode="ec2", QuotaCode="L-417A185B")
    assert client.get_service_quota(ServiceCode="vpc", QuotaCode="L-7E9ECCDB")["Quota"]["Value"] == 50
