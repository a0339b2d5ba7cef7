"""The Price List API: GetProducts, with a few products of two regions, in the shape in which AWS answers.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
The figures are those of the offers of September 2026, of the price lists that the API is about.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
Row = dict[str, Any]
ENDPOINTS = ("us-east-1", "ap-south-1", "eu-central-1", "cn-northwest-1")
PUBLISHED = "2026-09-25T17:45:21Z"
PREFIXES = {"us-east-1": "USE1-", "ap-northeast-1": "APN1-"}
# Usage types of these offers have no prefix in us-east-1
BARE = ("AmazonEC2", "AWSELB")
MOST_RESULTS = 100
LINUX = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}
# Offer, product family, usage type, unit, other attributes, and the price in us-east-1 and ap-northeast-1; None where it is not sold
SERVICES: tuple[tuple[str, str, str, str, Row, float | None, float | None], ...] = (
    ("AmazonEKS", "Compute", "AmazonEKS-Hours:perCluster", "Hours", {"operation": "CreateOperation"}, 0.10, 0.10),
    ("AmazonEKS", "Compute", "AmazonEKS-Hours:extendedSupport", "Hours", {"operation": "ExtendedSupport"}, 0.50, 0.50),
    ("AmazonEKS", "Compute", "Fargate-vCPU-Hours:perCPU", "hours", {}, 0.04048, 0.05056),
    ("AmazonEKS", "Compute", "Fargate-GB-Hours", "hours", {}, 0.004445, 0.00553),
    ("AmazonEC2", "NAT Gateway", "NatGateway-Hours", "Hrs", {"operation": "NatGateway"}, 0.045, 0.062),
    ("AmazonEC2", "NAT Gateway", "RegionalNatGateway-Hours", "Hrs", {"operation": "RegionalNatGateway"}, 0.045, 0.062),
    ("AmazonEC2", "Storage", "EBS:VolumeUsage.gp3", "GB-Mo", {"volumeApiName": "gp3"}, 0.08, 0.096),
    ("AmazonEC2", "System Operation", "EBS:VolumeP-IOPS.gp3", "IOPS-Mo", {"volumeApiName": "gp3"}, 0.005, 0.006),
    ("AmazonEC2", "Provisioned Throughput", "EBS:VolumeP-Throughput.gp3", "GiBps-mo", {}, 40.96, 49.152),
    ("AmazonEC2", "Storage", "EBS:VolumeUsage.gp2", "GB-Mo", {"volumeApiName": "gp2"}, 0.10, 0.12),
    ("AmazonVPC", "VpcEndpoint", "VpcEndpoint-Hours", "Hrs", {}, 0.01, 0.014),
    ("AmazonVPC", "VPC Public IPv4 Address", "PublicIPv4:InUseAddress", "Hrs", {}, 0.005, 0.005),
    ("AWSELB", "Load Balancer-Application", "LoadBalancerUsage", "Hrs", {}, 0.0225, 0.0243),
    ("AWSELB", "Load Balancer-Application", "TS-LoadBalancerUsage", "Hrs", {}, 0.0055, 0.0055),
    ("AWSELB", "Load Balancer-Network", "LoadBalancerUsage", "Hrs", {}, 0.0225, 0.0243),
    ("AmazonCloudWatch", "Storage Snapshot", "TimedStorage-ByteHrs", "GB-Mo", {}, 0.03, 0.033),
)
INSTANCES = {
    "c5.large": (0.085, 0.107),
    "c7g.large": (0.0725, 0.09095),
    "m4.large": (0.10, 0.129),
    "m5.large": (0.096, 0.124),
    "m5.xlarge": (0.192, 0.248),
    "m5a.large": (0.086, 0.112),
    "m6i.large": (0.096, 0.124),
    "m7g.large": (0.0816, 0.1054),
    "m7i.large": (0.1008, 0.1302),
    "t3.medium": (0.0416, 0.0544),
    "t3.large": (0.0832, 0.1088),
}
# vCPU-hours of hybrid nodes in a month
HYBRID = ((0, 576000, 0.02), (576000, 1152000, 0.014), (1152000, 5760000, 0.01), (5760000, 11520000, 0.008))
LAST = (11520000, "Inf", 0.006)


def handle(region: str, body: bytes) -> Answer:
    """Answer GetProducts."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
    asked = json.loads(body or b"{}")
    if region not in ENDPOINTS:
        text = {
            "__type": "UnrecognizedClientException",
            "message": f"There is no endpoint of the Price List API in {region}.",
        }
        return 400, headers, json.dumps(text).encode()
    found = [row for row in list_products() if is_wanted(row, asked)]
    start = int(asked.get("NextToken") or 0)
    most = asked.get("MaxResults") or MOST_RESULTS
    answer: Row = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(row) for row in found[start : start + most]]}
    if len(found) > start + most:
        answer["NextToken"] = str(start + most)
    return 200, headers, json.dumps(answer).encode()


def is_wanted(row: Row, asked: Row) -> bool:
    """Whether a product is of the service, and all filters fit."""
    attributes = row["product"]["attributes"]
    known = {**attributes, "productFamily": row["product"]["productFamily"]}
    if row["serviceCode"] != asked.get("ServiceCode"):
        return False
    return all(_fits(str(known.get(one["Field"], "")), one) for one in asked.get("Filters") or [])


def _fits(value: str, one: Row) -> bool:
    if one["Type"] == "CONTAINS":
        return one["Value"] in value
    return value == one["Value"]


def list_products() -> Iterator[Row]:
    for number, region in enumerate(PREFIXES):
        for service, family, usage, unit, more, *amounts in SERVICES:
            if amounts[number] is not None:
                yield build_product(service, family, region, usage, unit, more, [(0, "Inf", amounts[number])])
        for name, prices in INSTANCES.items():
            more = {**LINUX, "instanceType": name, "operation": "RunInstances"}
            steps = [(0, "Inf", prices[number])]
            yield build_product("AmazonEC2", "Compute Instance", region, f"BoxUsage:{name}", "Hrs", more, steps)
            more = {"instancetype": name, "operation": "EKSAutoUsage", "eksproducttype": "AutoMode"}
            fee = [(0, "Inf", round(prices[number] * 0.12, 5))]
            yield build_product("AmazonEKS", "Compute", region, f"EKS-Auto:{name}-management-hours", "hours", more, fee)
        usage = "AmazonEKSHybridNodes-Hours:pervCPU"
        yield build_product("AmazonEKS", "Compute", region, usage, "vCPU-Hours", {}, [*HYBRID, LAST])
        yield build_product(
            "awskms", "Encryption Key", region, f"{region}-KMS-Keys", "Keys", {}, [(0, "Inf", 1.0)], False
        )


def build_product(
    service: str, family: str, region: str, usage: str, unit: str, more: Row, steps: list[Any], prefixed: bool = True
) -> Row:
    """A product with its price on demand, in the format aws_v1."""
    bare = not prefixed or (service in BARE and region == "us-east-1")
    usage = usage if bare else PREFIXES[region] + usage
    sku = hashlib.sha256(f"{service} {family} {usage}".encode()).hexdigest()[:16].upper()
    dimensions = {}
    for number, (begin, end, amount) in enumerate(steps):
        code = f"{sku}.JRTCKXETXF.{number:010d}"
        dimensions[code] = {
            "rateCode": code,
            "unit": unit,
            "beginRange": str(begin),
            "endRange": str(end),
            "description": f"${amount} per {unit} for {usage} in {region}",
            "appliesTo": [],
            "pricePerUnit": {"USD": f"{amount:.10f}"},
        }
    term = {
        "sku": sku,
        "offerTermCode": "JRTCKXETXF",
        "effectiveDate": "2026-09-01T00:00:00Z",
        "termAttributes": {},
        "priceDimensions": dimensions,
    }
    attributes = {
        "servicecode": service,
        "regionCode": region,
        "usagetype": usage,
        "locationType": "AWS Region",
        **more,
    }
    return {
        "product": {"productFamily": family, "attributes": attributes, "sku": sku},
        "serviceCode": service,
        "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": term}},
        "version": "20260925174521",
        "publicationDate": PUBLISHED,
    }
