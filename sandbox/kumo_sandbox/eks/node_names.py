"""How a node is called: by the private DNS name of its instance.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html
"""

from __future__ import annotations


def build_node_name(region: str, private_ip: str) -> str:
    """ip-10-0-1-23.ap-northeast-1.compute.internal"""
    return f"ip-{private_ip.replace('.', '-')}.{region}.compute.internal"
