# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_network against the sandbox: planned, made, made again, changed, removed; and what it refuses."""

from __future__ import annotations

import pytest

from kumo_sandbox import durations

CLUSTER = "my-cluster"
ZONES = ["ap-northeast-1a", "ap-northeast-1c"]
OWNER = f"kumo.eks/ap-northeast-1/{CLUSTER}"


@pytest.fixture
def network(run_module, sandbox):
    """eks_network for my-cluster: network(check=False, **options) -> its result."""

    def run(check=False, **options):
        return run_module("eks_network", {"cluster_name": CLUSTER, "wait_timeout": 30, **options}, check=check)

    sandbox.recorder.clear()
    return run


@pytest.fixture
def ec2(sandbox):
    return sandbox.client("ec2")


def sent(sandbox):
    """The calls that change something, since the last look."""
    names = [call["operation"] for call in sandbox.calls()]
    sandbox.recorder.clear()
    return [name for name in names if not name.startswith(("Describe", "Get", "List"))]


def walk(sandbox, network, **options):
    """Plan, make, and make again: the plan is what is done, and a second time nothing is. Returns the result."""
    planned = network(check=True, **options)
    assert not planned["failed"] and planned["changed"], planned
    assert sent(sandbox) == []
    made = network(**options)
    assert not made["failed"] and made["changed"] and made["ready"], made
    for side in ("before", "after"):
        assert planned["diff"][side] == made["diff"][side]
    sent(sandbox)
    again = network(**options)
    assert not again["failed"] and not again["changed"] and again["ready"], again
    assert sent(sandbox) == []
    return made


def test_a_life(sandbox, network, ec2):
    made = walk(sandbox, network)
    found = made["network"]
    assert [row["cidr_block"] for row in found["subnets"]] == [f"10.0.{32 * n}.0/19" for n in range(6)]
    assert [row["name"] for row in found["subnets"]][0] == "my-cluster-public-ap-northeast-1a"
    assert {row["state"] for row in found["nat_gateways"]} == {"available"} and len(found["nat_gateways"]) == 3
    network()
    assert len(sandbox.calls()) == 8  # for 19 resources
    for kind in ("vpcs", "subnets", "internet_gateways", "nat_gateways", "addresses"):
        rows = getattr(ec2, f"describe_{kind}")(**{"Filters": [{"Name": "tag-key", "Values": [OWNER]}]})
        assert rows, kind
    planned = network(check=True, state="absent")
    gone = network(state="absent")
    assert gone["changed"] and gone["ready"] and gone["diff"] == planned["diff"], gone
    assert gone["network"]["vpc_id"] is None
    assert not network(state="absent")["changed"]
    assert not [row for row in ec2.describe_vpcs()["Vpcs"] if not row["IsDefault"]]
    assert ec2.describe_addresses()["Addresses"] == []


def test_without_wait_it_is_begun_and_with_wait_finished(sandbox, network):
    sandbox.clock.set_speed(1)
    planned = network(check=True, wait=False)
    begun = network(wait=False)
    assert begun["changed"] and not begun["ready"], begun
    assert planned["diff"] == begun["diff"]
    assert {row["state"] for row in begun["network"]["nat_gateways"]} == {"pending"}
    private = [row for row in begun["network"]["route_tables"] if "private" in row["name"]]
    assert len(private) == 3 and all(row["routes"] == [] for row in private)
    again = network(wait=False)
    assert not again["changed"] and not again["ready"], again
    sandbox.clock.set_speed("instant")
    sandbox.clock.advance(200)
    done = network()
    assert done["changed"] and done["ready"], done
    assert set(done["diff"]["after"]) == {f"route table my-cluster-private-ap-northeast-1{zone}" for zone in "acd"}
    assert not network(wait=False)["changed"]


def test_what_ec2_does_not_list_yet_is_waited_for(sandbox, network, monkeypatch):
    """Gateways and endpoints come up in no time here, and are listed later than that."""
    monkeypatch.setattr(durations, "READ_LAG", 60.0)
    sandbox.clock.set_speed(100)
    made = network(zones=ZONES, endpoints=["ec2"], nat_gateway="Single")
    assert not made["failed"] and made["ready"], made
    found = made["network"]
    assert [row["state"] for row in found["nat_gateways"]] == ["available"]
    assert [row["state"] for row in found["vpc_endpoints"]] == ["available"]
    tables = [row for row in found["route_tables"] if "private" in row["name"]]
    assert all(row["routes"] for row in tables) and len(tables) == 2
    sandbox.clock.advance(60)
    assert not network(zones=ZONES, endpoints=["ec2"], nat_gateway="Single")["changed"]


def test_from_one_nat_gateway_in_each_zone_to_one_and_none(sandbox, network, ec2):
    walk(sandbox, network, zones=ZONES)
    table = network(zones=ZONES)["network"]["route_tables"][0]["route_table_id"]
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag-key", "Values": [OWNER]}])["Vpcs"][0]["VpcId"]
    peer = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)["VpcPeeringConnection"]
    peering = peering["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", VpcPeeringConnectionId=peering)
    sandbox.recorder.clear()
    planned = network(check=True, zones=ZONES, nat_gateway="Single")
    assert sent(sandbox) == []
    one = network(zones=ZONES, nat_gateway="Single")
    assert one["changed"] and one["ready"] and one["diff"] == planned["diff"], (one, planned)
    assert sent(sandbox) == ["ReplaceRoute", "DeleteNatGateway", "ReleaseAddress"]
    assert len(one["network"]["nat_gateways"]) == len(one["network"]["addresses"]) == 1
    assert not network(zones=ZONES, nat_gateway="Single")["changed"]
    none = walk(sandbox, network, zones=ZONES, nat_gateway="Disable")
    assert none["network"]["nat_gateways"] == none["network"]["addresses"] == []
    routes = [row for row in none["network"]["route_tables"] if row["route_table_id"] == table][0]["routes"]
    assert routes == [{"destination": "10.9.0.0/16", "target": peering}]
    walk(sandbox, network, zones=ZONES)  # and back: the client tokens of the gateways that are gone are not in the way


def test_what_was_changed_by_hand_comes_back(sandbox, network, ec2):
    found = network(zones=ZONES)["network"]
    ec2.modify_vpc_attribute(VpcId=found["vpc_id"], EnableDnsHostnames={"Value": False})
    ec2.delete_tags(Resources=[found["public_subnet_ids"][0]], Tags=[{"Key": "kubernetes.io/role/elb"}])
    ec2.modify_subnet_attribute(SubnetId=found["public_subnet_ids"][0], MapPublicIpOnLaunch={"Value": False})
    ec2.delete_nat_gateway(NatGatewayId=found["nat_gateways"][0]["nat_gateway_id"])
    ec2.delete_route(RouteTableId=found["route_tables"][-1]["route_table_id"], DestinationCidrBlock="0.0.0.0/0")
    sandbox.recorder.clear()
    back = walk(sandbox, network, zones=ZONES)
    assert len(back["network"]["nat_gateways"]) == len(back["network"]["addresses"]) == 2
    assert back["diff"]["before"]["VPC my-cluster"]["dns_hostnames"] is False


def test_a_private_cluster_with_endpoints(sandbox, network):
    options = {"subnet_kinds": ["private"], "nat_gateway": "Disable", "zones": ZONES}
    made = walk(sandbox, network, endpoints=["private_cluster"], **options)
    kinds = [row["type"] for row in made["network"]["vpc_endpoints"]]
    assert kinds.count("Gateway") == 1 and kinds.count("Interface") == 10
    assert made["network"]["internet_gateway_id"] is None
    less = walk(sandbox, network, endpoints=["s3"], **options)
    assert [row["type"] for row in less["network"]["vpc_endpoints"]] == ["Gateway"]
    unknown = network(endpoints=["nonsense"], **options)
    assert unknown["failed"] and "endpoints: nonsense is not a service with VPC endpoints" in unknown["msg"]
    assert network(state="absent")["changed"]
    assert not network(state="absent")["changed"]


@pytest.mark.extended
def test_two_families_three_kinds_sizes_and_flow_logs(sandbox, network):
    options = {
        "ip_family": "dual_stack",
        "zones": ZONES,
        "subnet_kinds": ["public", "private", "isolated"],
        "subnet_prefix_lengths": {"public": 24, "private": 20, "isolated": 24},
        "secondary_cidrs": ["10.1.0.0/16"],
        "hostname_type": "resource-name",
        "karpenter_discovery": True,
        "flow_logs": {"destination": "cloud-watch-logs"},
        "tags": {"Team": "kumo"},
    }
    made = walk(sandbox, network, **options)
    found = made["network"]
    assert found["cidr_blocks"] == ["10.0.0.0/16", "10.1.0.0/16"]
    assert [row["cidr_block"].split("/")[1] for row in found["subnets"]] == ["24", "24", "20", "20", "24", "24"]
    assert len({row["ipv6_cidr_block"] for row in found["subnets"]}) == 6
    private = next(row for row in found["subnets"] if row["kind"] == "private")
    assert private["tags"]["karpenter.sh/discovery"] == CLUSTER and private["tags"]["Team"] == "kumo"
    tables = {row["name"]: {route["destination"] for route in row["routes"]} for row in found["route_tables"]}
    assert tables["my-cluster-private-ap-northeast-1a"] == {"0.0.0.0/0", "::/0"} == tables["my-cluster-public"]
    assert tables["my-cluster-isolated"] == set()
    roles = [row["RoleName"] for row in sandbox.client("iam").list_roles()["Roles"]]
    assert "my-cluster.ap-northeast-1_flow-logs" in roles
    walk(sandbox, network, **{**options, "flow_logs": {"destination": "cloud-watch-logs", "traffic_type": "REJECT"}})
    subnets = sandbox.client("ec2").describe_subnets()["Subnets"]
    own = [row for row in subnets if any(tag["Key"] == OWNER for tag in row.get("Tags", []))]
    assert own and {row["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] for row in own} == {"resource-name"}
    walk(sandbox, network, **{**options, "flow_logs": {}, "hostname_type": "ip-name"})
    assert network(state="absent")["changed"]
    roles = [row["RoleName"] for row in sandbox.client("iam").list_roles()["Roles"]]
    assert "my-cluster.ap-northeast-1_flow-logs" not in roles


def test_an_existing_vpc_is_used_and_stays(sandbox, network, ec2):
    vpc = ec2.create_vpc(CidrBlock="172.20.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    theirs = ec2.create_subnet(VpcId=vpc, CidrBlock="172.20.0.0/24", AvailabilityZone=ZONES[0])["Subnet"]["SubnetId"]
    sandbox.recorder.clear()
    made = walk(sandbox, network, vpc_id=vpc, zones=ZONES, nat_gateway="Single")
    assert made["network"]["vpc_id"] == vpc
    assert theirs not in [row["subnet_id"] for row in made["network"]["subnets"]]
    assert [row["cidr_block"] for row in made["network"]["subnets"]][0] == "172.20.32.0/19"
    assert network(state="absent")["changed"]
    left = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    assert [row["SubnetId"] for row in left] == [theirs]
    assert not network(state="absent")["changed"]


def test_subnets_that_another_account_shares_are_used_and_stay_as_they_are(sandbox, network, ec2, run_module, ground):
    """https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html"""
    found = network(cluster_name="theirs", zones=ZONES, nat_gateway="Single")["network"]
    vpc, private = found["vpc_id"], found["private_subnet_ids"]
    sandbox.share_vpc(vpc, "210987654321")
    sandbox.recorder.clear()
    refused = network(vpc_id=vpc)
    assert refused["failed"] and f"vpc_id: {vpc} belongs to account 210987654321" in refused["msg"], refused
    assert "List the shared subnets in the option subnets" in refused["msg"]
    taken = network(subnets={"private": private})
    assert not taken["failed"] and not taken["changed"] and taken["network"]["private_subnet_ids"] == private, taken
    told = [text for text in taken["warnings"] if "kubernetes.io/role/internal-elb" in text]
    assert len(told) == len(private) and "does not see tags that its owner 210987654321 set" in told[0]
    assert sent(sandbox) == []
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": private, "wait": True}
    assert not run_module("eks_cluster", words)["failed"]
    kinds = {row["kind"] for row in run_module("eks_leaks_info", {"cluster_name": CLUSTER})["resources"]}
    assert kinds.isdisjoint({"vpc", "subnet", "route_table", "nat_gateway", "internet_gateway"}), kinds
    assert not run_module("eks_cluster", {"name": CLUSTER, "state": "absent", "wait": True})["failed"]
    sandbox.recorder.clear()
    for options in ({}, {"vpc_id": vpc}):
        gone = network(state="absent", **options)
        assert not gone["failed"], gone
    assert [name for name in sent(sandbox) if name.startswith(("Delete", "Create", "Modify"))] == []
    left = ec2.describe_subnets(SubnetIds=found["public_subnet_ids"] + private)["Subnets"]
    assert len(left) == 4 and not any(row.get("Tags") for row in left)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"cidr": "10.0.0.0/27"}, "cidr: 10.0.0.0/27 is too small for 3 zones"),
        ({"cidr": "10.0.0.1/16"}, "cidr: '10.0.0.1/16' is not a CIDR block. Did you mean 10.0.0.0/16"),
        ({"cidr": "10.0.0.0/8"}, "EC2 allows a /16 to a /28"),
        ({"zones": [ZONES[0]]}, "EKS requires subnets in at least 2 zones"),
        ({"zones": [ZONES[0], "ap-northeast-1x"]}, "zones: ap-northeast-1x is not a zone of ap-northeast-1"),
        ({"zone_count": 1}, "zone_count: 1 is not enough"),
        ({"secondary_cidrs": ["10.0.128.0/20"]}, "secondary_cidrs: 10.0.128.0/20 overlaps 10.0.0.0/16"),
        ({"subnet_kinds": ["private"]}, "nat_gateway: HighlyAvailable needs public subnets"),
        ({"subnet_prefix_lengths": {"isolated": 24}}, "subnet_prefix_lengths: isolated is not in subnet_kinds"),
        ({"subnet_prefix_lengths": {"public": 17, "private": 17}}, "has no room for another"),
        ({"tags": {"aws:own": "x"}}, "tags: the prefix aws: is reserved by AWS. Remove aws:own."),
        ({"instance_types": ["x9.huge"]}, "zones: ap-northeast-1 has 0 availability zone"),
        ({"vpc_id": "vpc-00000000"}, "vpc_id: VPC vpc-00000000"),
        ({"subnets": {"private": ["subnet-00000000"]}}, "subnets: subnet subnet-00000000 does not exist"),
    ],
)
def test_refused_before_anything_is_made(sandbox, network, options, text):
    for check in (True, False):
        found = network(check=check, **options)
        assert found["failed"] and text in found["msg"], found
    assert sent(sandbox) == []


def test_another_range_is_refused(sandbox, network):
    network(zones=ZONES, nat_gateway="Disable")
    found = network(zones=ZONES, nat_gateway="Disable", cidr="10.1.0.0/16")
    assert found["failed"] and "EC2 cannot change the range of a VPC" in found["msg"], found


@pytest.mark.extended
def test_a_third_zone_only_without_a_cluster(sandbox, network, ground):
    options = {"nat_gateway": "Disable"}
    made = network(zones=ZONES, **options)["network"]
    sandbox.recorder.clear()
    grown = walk(sandbox, network, zone_count=3, **options)
    assert len(grown["network"]["zones"]) == 3
    assert {row["subnet_id"] for row in made["subnets"]} < {row["subnet_id"] for row in grown["network"]["subnets"]}
    network(state="absent")
    made = network(zones=ZONES, **options)["network"]
    subnets = made["public_subnet_ids"] + made["private_subnet_ids"]
    sandbox.client("eks").create_cluster(
        name=CLUSTER, roleArn=ground["role"], resourcesVpcConfig={"subnetIds": subnets}, version="1.33"
    )
    sent(sandbox)
    refused = network(zones=[*ZONES, "ap-northeast-1d"], **options)
    assert refused["failed"] and "ap-northeast-1d cannot be added, because cluster my-cluster exists" in refused["msg"]
    unchanged = network(**options)  # three zones by default, but the cluster has two
    assert not unchanged["failed"] and not unchanged["changed"], unchanged
    assert sent(sandbox) == []
    there = network(state="absent")
    assert there["failed"] and "cluster my-cluster" in there["msg"] and "Nothing was deleted" in there["msg"], there
    assert sent(sandbox) == []
    assert network(state="absent", check=True)["changed"]  # a plan knows that the cluster goes before


def test_what_others_have_in_the_vpc_stops_the_removal(sandbox, network, ec2, run_module):
    made = network(zones=ZONES, nat_gateway="Single")["network"]
    group = ec2.create_security_group(GroupName="k8s-elb-a1", Description="left", VpcId=made["vpc_id"])["GroupId"]
    theirs = ec2.create_network_interface(SubnetId=made["private_subnet_ids"][0], Description="a database")
    theirs = theirs["NetworkInterface"]["NetworkInterfaceId"]
    loose = ec2.create_network_interface(SubnetId=made["private_subnet_ids"][0], Description="aws-K8S-i-1")
    loose = loose["NetworkInterface"]["NetworkInterfaceId"]
    sent(sandbox)
    for check in (True, False):
        found = network(state="absent", check=check)
        assert found["failed"] and found["blocking"] == [
            f"network interface {theirs} (a database)",
            f"security group {group} (k8s-elb-a1)",
        ], found
    assert sent(sandbox) == []
    info = run_module("eks_network_info", {"cluster_name": CLUSTER, "leftovers": True})
    assert info["network"]["vpc_id"] == made["vpc_id"]
    assert info["leftovers"]["blocking"] == found["blocking"]
    assert info["leftovers"]["loose"] == [f"network interface {loose} (aws-K8S-i-1)"]
    ec2.delete_network_interface(NetworkInterfaceId=theirs)
    ec2.delete_security_group(GroupId=group)
    gone = network(state="absent")
    assert not gone["failed"] and gone["changed"], gone
    assert not [row for row in ec2.describe_vpcs()["Vpcs"] if not row["IsDefault"]]


def test_a_nat_gateway_that_failed_is_named_and_replaced(sandbox, network, ec2):
    options = {"zones": ZONES, "nat_gateway": "Single"}
    made = network(zones=ZONES, nat_gateway="Disable")["network"]
    sandbox.clock.set_speed(1)
    # EC2 takes an address that is in use, and lets the gateway fail later.
    taken = ec2.allocate_address(Domain="vpc")["AllocationId"]
    interface = ec2.create_network_interface(SubnetId=made["public_subnet_ids"][1])["NetworkInterface"]
    ec2.associate_address(AllocationId=taken, NetworkInterfaceId=interface["NetworkInterfaceId"])
    tags = [{"ResourceType": "natgateway", "Tags": [{"Key": OWNER, "Value": "owned"}]}]
    first = ec2.create_nat_gateway(SubnetId=made["public_subnet_ids"][0], AllocationId=taken, TagSpecifications=tags)[
        "NatGateway"
    ]
    sandbox.clock.advance(durations.READ_LAG)
    begun = network(wait=False, **options)
    assert not begun["failed"] and not begun["ready"], begun
    sandbox.clock.advance(20)
    failed = network(wait=False, **options)
    assert failed["changed"], failed
    states = {row["nat_gateway_id"]: row["state"] for row in failed["network"]["nat_gateways"]}
    assert states.pop(first["NatGatewayId"]) == "failed" and list(states.values()) == ["pending"]
    sandbox.clock.advance(200)
    done = network(**options)
    assert not done["failed"] and done["ready"], done
    assert {row["state"] for row in done["network"]["nat_gateways"]} == {"available", "failed"}
    assert not network(**options)["changed"]


def test_a_route_to_a_gateway_that_was_deleted_leads_to_the_new_one(sandbox, network, ec2):
    """It bears the same name, and EC2 lists it for an hour after its deletion."""
    assert network(nat_gateway="Single")["changed"]
    (old,) = ec2.describe_nat_gateways()["NatGateways"]
    sandbox.clock.set_speed(1)
    ec2.delete_nat_gateway(NatGatewayId=old["NatGatewayId"])
    begun = network(nat_gateway="Single", wait=False)
    assert begun["changed"] and not begun["ready"], begun
    sandbox.clock.advance(300)
    done = network(nat_gateway="Single")
    (new,) = [row for row in ec2.describe_nat_gateways()["NatGateways"] if row["State"] == "available"]
    routes = [route for table in ec2.describe_route_tables()["RouteTables"] for route in table["Routes"]]
    assert not done["failed"] and done["changed"] and done["ready"], done
    assert {route["NatGatewayId"] for route in routes if "NatGatewayId" in route} == {new["NatGatewayId"]}


def test_the_plan_knows_new_ranges_of_a_vpc_that_exists(sandbox, network):
    """Other parts depend on them: the group of the endpoints lets them in, and subnets get IPv6 blocks."""
    base = {"zones": ZONES, "nat_gateway": "Disable", "endpoints": ["sts"]}
    walk(sandbox, network, **base)
    walk(sandbox, network, **base, secondary_cidrs=["100.64.0.0/16"])
    walk(sandbox, network, **base, secondary_cidrs=["100.64.0.0/16"], ip_family="dual_stack")
    walk(sandbox, network, **base, secondary_cidrs=[])
    walk(sandbox, network, **base, secondary_cidrs=["100.64.0.0/16"])
    walk(sandbox, network, **base, secondary_cidrs=[])  # beside the association that has gone before
