"""The inventory of twenty clusters in three regions, beside that of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from place import Place

from kumo_sandbox import ground

REGIONS = ("ap-northeast-1", "eu-west-1", "us-east-1")
MANY = 20
COMMAND = Path(sys.executable).parent / "ansible-inventory"


def build_fleet(place: Place) -> tuple[str, str]:
    """Create the clusters; the inventory file that finds one of them, and the one that finds all."""
    env = json.loads(place.sandbox("env", "--format", "json"))
    words = {f"aws_{key}": env[f"AWS_{key.upper()}"] for key in ("access_key_id", "secret_access_key")}

    def client(service: str, region: str) -> Any:
        return boto3.client(service, region_name=region, endpoint_url=place.endpoint, **words)

    role = ground.create_role(client("iam", REGIONS[0]), "fleet", "eks.amazonaws.com", ground.CLUSTER_POLICIES)
    alone = "sa-east-1"
    homes = [alone, *(REGIONS[number % len(REGIONS)] for number in range(MANY))]
    subnets: dict[str, list[str]] = {}
    for number, region in enumerate(homes):
        if region not in subnets:
            ec2 = client("ec2", region)
            subnets[region] = ground.create_subnets(ec2, ground.create_vpc(ec2), "ac", region)
        place_of_cluster = {"subnetIds": subnets[region]}
        name = f"cluster-{number}"
        client("eks", region).create_cluster(name=name, roleArn=role, resourcesVpcConfig=place_of_cluster)
    return write_source(place, "one", [alone]), write_source(place, "many", list(REGIONS))


def write_source(place: Place, name: str, regions: list[str]) -> str:
    path = Path(place.folder) / f"{name}.eks.yml"
    path.write_text(json.dumps({"plugin": "kumo.eks.eks", "regions": regions}))
    return str(path)


def read_inventory(place: Place, source: str, count: int) -> tuple[float, str]:
    """Run ansible-inventory; (seconds, output). Ends the bench where it does not list so many clusters."""
    env = {
        **os.environ,
        **json.loads(place.sandbox("env", "--format", "json")),
        "ANSIBLE_HOME": f"{place.folder}/ansible",
    }
    started = time.monotonic()
    done = subprocess.run(
        [COMMAND, "-i", source, "--list"],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    listed = json.loads(done.stdout or "{}").get("eks_clusters", {}).get("hosts", [])
    if done.returncode or len(listed) != count:
        raise SystemExit(f"the inventory lists {len(listed)} clusters instead of {count}:\n{done.stdout}{done.stderr}")
    return seconds, done.stdout
