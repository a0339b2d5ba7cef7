"""What the check costs by the hour, in US dollars, on demand, without data transfer and taxes."""

from __future__ import annotations

from typing import Any

# https://aws.amazon.com/eks/pricing/, https://aws.amazon.com/vpc/pricing/, https://aws.amazon.com/ebs/pricing/, as of 2026-07;
# Linux instances: https://github.com/aws/karpenter-provider-aws/blob/main/pkg/providers/pricing/zz_generated.pricing_aws.go
# (us-east-1), https://github.com/apache/libcloud/blob/trunk/libcloud/data/pricing.json (ap-northeast-1).
CLUSTER = 0.10
PUBLIC_ADDRESS = 0.005
GIBIBYTE_MONTH = 0.096  # of gp3, the dearer of the two regions
HOURS = 730  # in a month
NAT_GATEWAY = {"us-east-1": 0.045, "ap-northeast-1": 0.062}
INSTANCES = {
    "us-east-1": {"m5.large": 0.096, "m5a.large": 0.086, "m4.large": 0.1, "t3.medium": 0.0416},
    "ap-northeast-1": {"m5.large": 0.124, "m5a.large": 0.112, "m4.large": 0.129, "t3.medium": 0.0544},
}
ELSEWHERE = "ap-northeast-1"


def list_prices(config: dict[str, Any], region: str, zones: int = 2) -> list[tuple[str, float]]:
    """What a ClusterConfig costs by the hour: rows of text and dollars. Spot instances are counted as on demand."""
    known = region if region in NAT_GATEWAY else ELSEWHERE
    mode = ((config.get("vpc") or {}).get("nat") or {}).get("gateway", "Single")
    gateways = {"HighlyAvailable": zones, "Single": 1}.get(mode, 0)
    rows = [
        ("control plane in standard support", CLUSTER),
        (f"{gateways} NAT gateways with their addresses", gateways * (NAT_GATEWAY[known] + PUBLIC_ADDRESS)),
    ]
    for group in config.get("managedNodeGroups") or []:
        count = group.get("desiredCapacity") or group.get("minSize") or 2
        kinds = group.get("instanceTypes") or [group.get("instanceType", "m5.large")]
        price = max(INSTANCES[known][kind] for kind in kinds)
        disk = (group.get("volumeSize") or 80) * GIBIBYTE_MONTH / HOURS
        rows.append((f"{count} nodes of {group['name']} ({', '.join(kinds)})", count * (price + disk)))
    return rows


def format_prices(config: dict[str, Any], region: str) -> str:
    """The prices as a table with their sum."""
    rows = list_prices(config, region)
    rows.append(("by the hour, without traffic and taxes", sum(price for _what, price in rows)))
    note = "" if region in NAT_GATEWAY else f"Prices of {region} are not known here; those of {ELSEWHERE} are shown.\n"
    return note + "\n".join(f"{price:8.3f} $  {what}" for what, price in rows)
