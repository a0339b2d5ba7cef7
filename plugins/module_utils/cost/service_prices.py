# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prices that are shipped, for what is no EC2 instance. Pure.

Each is in the Price List of AWS: the offer and its usage type are in the source, without the prefix of the region. It was not read there by
this project but in public records that quote it, with the date of the offer. A price is ``verified`` where two such records agree.
What no record quotes for a region is not here. Renew a figure by its offer:
https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/OFFER/current/REGION/index.json
"""

from __future__ import annotations

from math import inf

YES, NO = True, False

# Key: offer and usage type
USAGE = {
    "eks/cluster": ("AmazonEKS", "AmazonEKS-Hours:perCluster"),
    "eks/extended": ("AmazonEKS", "AmazonEKS-Hours:extendedSupport"),
    "eks/tier-xl": ("AmazonEKS", "AmazonEKS-Hours:XL-ProvisionedTier"),
    "eks/tier-2xl": ("AmazonEKS", "AmazonEKS-Hours:2XL-ProvisionedTier"),
    "eks/tier-4xl": ("AmazonEKS", "AmazonEKS-Hours:4XL-ProvisionedTier"),
    "eks/tier-8xl": ("AmazonEKS", "AmazonEKS-Hours:8XL-ProvisionedTier"),
    "eks/hybrid": ("AmazonEKS", "AmazonEKSHybridNodes-Hours:pervCPU"),
    "capability/ARGOCD": ("AmazonEKS", "AmazonEKSCapabilities-ArgoCD-Hours:perCapability"),
    "capability/ARGOCD/resource": ("AmazonEKS", "AmazonEKSCapabilities-ArgoCD-CR-Hours:perCustomResource"),
    "capability/ACK": ("AmazonEKS", "AmazonEKSCapabilities-ACK-Hours:perCapability"),
    "capability/ACK/resource": ("AmazonEKS", "AmazonEKSCapabilities-ACK-CR-Hours:perCustomResource"),
    "capability/KRO": ("AmazonEKS", "AmazonEKSCapabilities-KRO-Hours:perCapability"),
    "capability/KRO/resource": ("AmazonEKS", "AmazonEKSCapabilities-KRO-CR-Hours:perCustomResource"),
    "fargate/vcpu": ("AmazonEKS", "Fargate-vCPU-Hours:perCPU"),
    "fargate/gb": ("AmazonEKS", "Fargate-GB-Hours"),
    "nat": ("AmazonEC2", "NatGateway-Hours"),
    "endpoint": ("AmazonVPC", "VpcEndpoint-Hours"),
    "ipv4": ("AmazonVPC", "PublicIPv4:InUseAddress"),
    "lb/application": ("AWSELB", "LoadBalancerUsage (LoadBalancing:Application)"),
    "lb/network": ("AWSELB", "LoadBalancerUsage (LoadBalancing:Network)"),
    "lb/classic": ("AWSELB", "LoadBalancerUsage (LoadBalancing)"),
    "ebs/gp3": ("AmazonEC2", "EBS:VolumeUsage.gp3"),
    "ebs/gp3/iops": ("AmazonEC2", "EBS:VolumeP-IOPS.gp3"),
    "ebs/gp3/throughput": ("AmazonEC2", "EBS:VolumeP-Throughput.gp3"),
    "ebs/gp2": ("AmazonEC2", "EBS:VolumeUsage.gp2"),
    "ebs/io1": ("AmazonEC2", "EBS:VolumeUsage.piops"),
    "ebs/io1/iops": ("AmazonEC2", "EBS:VolumeP-IOPS.piops"),
    "ebs/io2": ("AmazonEC2", "EBS:VolumeUsage.io2"),
    "ebs/io2/iops": ("AmazonEC2", "EBS:VolumeP-IOPS.io2"),
    "ebs/st1": ("AmazonEC2", "EBS:VolumeUsage.st1"),
    "ebs/sc1": ("AmazonEC2", "EBS:VolumeUsage.sc1"),
    "ebs/standard": ("AmazonEC2", "EBS:VolumeUsage"),
    "logs": ("AmazonCloudWatch", "TimedStorage-ByteHrs"),
    "kms": ("awskms", "KMS-Keys"),
}

# Same in all regions of the partition aws, by the pages of prices
PAGES = {
    "eks/cluster": (0.10, "2026-09-29", "https://aws.amazon.com/eks/pricing/"),
    "eks/extended": (0.50, "2026-09-29", "https://aws.amazon.com/eks/pricing/"),
    "ipv4": (0.005, "2026-09-29", "https://aws.amazon.com/vpc/pricing/"),
}

# By region and key: the price, the date of the offer, and whether two records agree
PRICES: dict[str, dict[str, tuple[float, str, bool]]] = {
    "us-east-1": {
        "eks/cluster": (0.10, "2026-09-28", YES),
        "eks/extended": (0.50, "2026-09-28", YES),
        "eks/tier-xl": (1.65, "2026-09-28", YES),
        "eks/tier-2xl": (3.40, "2026-09-28", YES),
        "eks/tier-4xl": (6.90, "2026-09-28", YES),
        "eks/tier-8xl": (13.90, "2026-09-28", YES),
        "capability/ARGOCD": (0.03, "2026-09-28", NO),
        "capability/ARGOCD/resource": (0.0015, "2026-09-28", NO),
        "capability/ACK": (0.005, "2026-09-28", NO),
        "capability/ACK/resource": (0.00005, "2026-09-28", NO),
        "capability/KRO": (0.005, "2026-09-28", NO),
        "capability/KRO/resource": (0.00005, "2026-09-28", NO),
        "auto/t4g.medium": (0.00403, "2026-09-28", NO),
        "auto/m5.large": (0.01152, "2026-05-01", NO),
        "auto/m7g.large": (0.00979, "2026-09-28", NO),
        "auto/m7i.large": (0.0121, "2026-09-28", NO),
        "fargate/vcpu": (0.04048, "2026-09-28", YES),
        "fargate/gb": (0.004445, "2026-09-28", YES),
        "nat": (0.045, "2026-09-24", YES),
        "endpoint": (0.01, "2026-09-17", YES),
        "ipv4": (0.005, "2026-09-17", YES),
        "lb/application": (0.0225, "2026-08-21", YES),
        "lb/network": (0.0225, "2026-08-21", YES),
        "lb/classic": (0.025, "2026-08-21", NO),
        "ebs/gp3": (0.08, "2026-09-24", YES),
        "ebs/gp3/iops": (0.005, "2026-09-24", YES),
        "ebs/gp3/throughput": (0.04, "2026-09-24", YES),
        "ebs/gp2": (0.10, "2026-08-21", NO),
        "ebs/io1": (0.125, "2026-08-21", NO),
        "ebs/io1/iops": (0.065, "2026-08-21", NO),
        "ebs/io2": (0.125, "2026-08-21", NO),
        "ebs/io2/iops": (0.065, "2026-08-21", NO),
        "ebs/st1": (0.045, "2026-08-21", NO),
        "ebs/sc1": (0.015, "2026-08-21", NO),
        "ebs/standard": (0.05, "2026-08-21", NO),
        "logs": (0.03, "2026-09-22", NO),
        "kms": (1.0, "2026-08-21", YES),
    },
    "us-east-2": {
        "eks/cluster": (0.10, "2026-05-11", YES),
        "eks/extended": (0.50, "2026-05-11", YES),
        "capability/ARGOCD": (0.02771, "2026-05-11", NO),
        "capability/ARGOCD/resource": (0.00136, "2026-05-11", NO),
        "capability/ACK": (0.004482, "2026-05-11", NO),
        "capability/ACK/resource": (0.000045, "2026-05-11", NO),
        "capability/KRO": (0.004482, "2026-05-11", NO),
        "capability/KRO/resource": (0.000045, "2026-05-11", NO),
    },
    "ap-northeast-1": {
        "eks/cluster": (0.10, "2026-09-18", YES),
        "eks/extended": (0.50, "2026-08-31", YES),
        "auto/m7i.large": (0.01562, "2026-09-18", NO),
        "auto/m7i.xlarge": (0.03125, "2026-09-18", NO),
        "auto/g6.xlarge": (0.09104, "2026-09-18", NO),
        "ec2/g6.xlarge": (1.1672, "2026-09-21", YES),
        "fargate/vcpu": (0.05056, "2026-09-25", YES),
        "fargate/gb": (0.00553, "2026-09-25", YES),
        "nat": (0.062, "2026-09-25", YES),
        "endpoint": (0.014, "2026-09-25", YES),
        "ipv4": (0.005, "2026-09-25", YES),
        "lb/application": (0.0243, "2026-08-27", YES),
        "lb/network": (0.0243, "2026-10-10", YES),
        "ebs/gp3": (0.096, "2026-10-10", YES),
        "ebs/gp3/iops": (0.006, "2026-09-01", NO),
        "ebs/gp3/throughput": (0.048, "2026-09-01", NO),
        "ebs/gp2": (0.12, "2026-09-01", YES),
        "ebs/io1": (0.142, "2026-09-01", NO),
        "ebs/io1/iops": (0.074, "2026-09-01", NO),
        "ebs/io2": (0.142, "2026-09-01", NO),
        "ebs/io2/iops": (0.074, "2026-09-01", NO),
        "ebs/st1": (0.054, "2026-09-01", NO),
        "ebs/sc1": (0.018, "2026-09-01", NO),
        "ebs/standard": (0.08, "2026-09-01", NO),
        "logs": (0.033, "2026-10-10", NO),
        "kms": (1.0, "2026-10-10", YES),
    },
    "ap-northeast-2": {
        "eks/cluster": (0.10, "2026-04-03", YES),
        "eks/extended": (0.50, "2026-04-03", YES),
        "auto/c6g.large": (0.00924, "2026-10-01", NO),
        "auto/g5.xlarge": (0.09649, "2026-10-01", NO),
        "auto/g6.xlarge": (0.07719, "2026-10-01", NO),
        "nat": (0.059, "2026-10-01", YES),
    },
    "ap-south-1": {
        "eks/cluster": (0.10, "2026-08-31", YES),
        "eks/extended": (0.50, "2026-08-31", YES),
        "fargate/vcpu": (0.04256, "2026-08-31", NO),
        "fargate/gb": (0.004655, "2026-08-31", NO),
        "nat": (0.056, "2026-09-09", NO),
        "ipv4": (0.005, "2026-09-09", YES),
        "ebs/gp3": (0.0912, "2026-09-09", NO),
    },
    "ap-southeast-1": {
        "eks/cluster": (0.10, "2026-08-31", YES),
        "eks/extended": (0.50, "2026-08-31", YES),
        "fargate/vcpu": (0.05056, "2026-08-31", NO),
        "fargate/gb": (0.00553, "2026-08-31", NO),
        "nat": (0.059, "2026-09-09", NO),
        "ipv4": (0.005, "2026-09-09", YES),
        "ebs/gp3": (0.096, "2026-09-09", NO),
    },
    "ap-southeast-5": {
        "eks/cluster": (0.10, "2026-09-28", YES),
        "eks/extended": (0.50, "2026-09-28", YES),
        "eks/tier-xl": (1.65, "2026-09-28", NO),
        "eks/tier-2xl": (3.40, "2026-09-28", NO),
        "eks/tier-4xl": (6.90, "2026-09-28", NO),
        "eks/tier-8xl": (13.90, "2026-09-28", NO),
        "capability/ARGOCD": (0.029108, "2026-09-28", NO),
        "capability/ARGOCD/resource": (0.001452, "2026-09-28", NO),
        "capability/ACK": (0.004949, "2026-09-28", NO),
        "capability/ACK/resource": (0.000049, "2026-09-28", NO),
        "capability/KRO": (0.004949, "2026-09-28", NO),
        "capability/KRO/resource": (0.000049, "2026-09-28", NO),
        "auto/t4g.medium": (0.00458, "2026-09-28", NO),
        "auto/m7g.large": (0.0104, "2026-09-28", NO),
        "auto/m7i.large": (0.01285, "2026-09-28", NO),
        "ec2/t4g.medium": (0.0382, "2026-09-25", NO),
        "fargate/vcpu": (0.045504, "2026-09-28", NO),
        "fargate/gb": (0.004977, "2026-09-28", NO),
        "endpoint": (0.0117, "2026-09-17", NO),
        "ipv4": (0.005, "2026-09-17", YES),
    },
    "eu-west-1": {
        "nat": (0.048, "2026-10-02", NO),
    },
}

# vCPU-hours in a month of an account in a region, and the price there. The five prices are those of us-east-1, us-east-2 and
# ap-southeast-5, the limits those of us-east-2.
HYBRID = ((576_000, 0.020), (1_152_000, 0.014), (5_760_000, 0.010), (11_520_000, 0.008), (inf, 0.006))
HYBRID_REGIONS, HYBRID_DATE = ("us-east-1", "us-east-2", "ap-southeast-5"), "2026-09-28"
