"""EC2's quotas of running vCPUs in Service Quotas, of which moto knows those of VPCs alone.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
"""

from __future__ import annotations

from typing import Any

from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend

from kumo_sandbox.moto_fixes.hooks import Method, around
from kumo_sandbox.moto_fixes.runtime import runtime

EC2 = {
    "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", "standard_vcpus"),
    "L-34B43A08": ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", "standard_spot_vcpus"),
}


@around(ServiceQuotasBackend, "get_service_quota")
def get_service_quota(original: Method, backend: Any, service_code: str, quota_code: str) -> dict[str, Any]:
    """The quota that is in force."""
    if service_code != "ec2":
        return original(backend, service_code=service_code, quota_code=quota_code)
    if quota_code not in EC2:
        raise NoSuchResource
    name, quota = EC2[quota_code]
    return {
        "ServiceCode": "ec2",
        "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
        "QuotaArn": f"arn:aws:servicequotas:{backend.region_name}:{backend.account_id}:ec2/{quota_code}",
        "QuotaCode": quota_code,
        "QuotaName": name,
        "Value": float(runtime.quotas[quota]),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
