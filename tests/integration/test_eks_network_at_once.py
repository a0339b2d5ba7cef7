# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once on an empty account end with one network, wherever one overtakes the other; and a run that is broken off goes on."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.ec2.network import Network
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions

pytestmark = pytest.mark.extended

OPTIONS = NetworkOptions(
    "my-cluster",
    "ap-northeast-1",
    zones=("ap-northeast-1a", "ap-northeast-1c"),
    nat_gateway="Single",
    endpoints=("s3", "sts"),
)
WITH = {
    "vpcs": 1,
    "subnets": 4,
    "internet_gateways": 1,
    "nat_gateways": 1,
    "addresses": 1,
    "route_tables": 3,
    "vpc_endpoints": 2,
    "security_groups": 1,
}
SENT = ("create_vpc", "create_subnet", "create_internet_gateway", "attach_internet_gateway", "allocate_address")
SENT += ("create_nat_gateway", "create_route_table", "associate_route_table", "create_security_group")
SENT += ("create_vpc_endpoint", "create_route")

MEETINGS = ("create_vpc", "create_subnet", "create_nat_gateway", "create_route_table", "create_vpc_endpoint")


class Client:
    """boto3's client, with something that happens before a call or after it."""

    def __init__(self, client: Any, **hooks: Any) -> None:
        self._client, self._hooks = client, hooks

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        before, after = (self._hooks.get(f"{when}_{name}") for when in ("before", "after"))

        def call(*args: Any, **words: Any) -> Any:
            if before:
                before()
            answer = found(*args, **words)
            if after:
                after()
            return answer

        return call if before or after else found


@pytest.fixture
def run(sandbox, monkeypatch):
    """run(client) -> the result of one run with it."""
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)

    def start(client: Any) -> dict[str, Any]:
        return Network(client, OPTIONS, wait_timeout=60, warn=lambda text: None).ensure_present()

    return start


@pytest.fixture
def count(sandbox):
    """count() -> how many there are of what bears the owner's tag."""
    ec2 = sandbox.client("ec2")
    filters = [{"Name": "tag-key", "Values": [OPTIONS.owner]}]

    def look() -> dict[str, int]:
        found = Counter()
        for kind in WITH:
            word = "Filter" if kind == "nat_gateways" else "Filters"
            key = "".join(part.capitalize() for part in kind.split("_"))
            rows = getattr(ec2, f"describe_{kind}")(**{word: filters})[key]
            found[kind] = sum(str(row.get("State")).lower() not in ("deleted", "deleting") for row in rows)
        return dict(found)

    return look


def meet(barrier: threading.Barrier) -> Any:
    """A hook that waits for the other run, the first time that a run comes there, and not for ever."""

    def wait() -> None:
        try:
            barrier.wait(timeout=2)
        except threading.BrokenBarrierError:
            pass

    return wait


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("operation", MEETINGS)
def test_two_at_once(sandbox, run, count, operation, when):
    barrier = threading.Barrier(2)
    clients = [Client(sandbox.client("ec2"), **{f"{when}_{operation}": meet(barrier)}) for _run in range(2)]
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(run, clients))
    assert count() == WITH
    assert len({result["network"]["vpc_id"] for result in results}) == 1
    assert not run(sandbox.client("ec2"))["changed"]


@pytest.fixture
def addresses(sandbox):
    """addresses(number): the account's quota."""
    before = sandbox.quotas["addresses"]
    yield lambda number: sandbox.quotas.change({"addresses": number})
    sandbox.quotas.change({"addresses": before})


def test_two_at_once_within_the_quota_of_one(sandbox, run, count, addresses):
    addresses(1)
    barrier = threading.Barrier(2)
    clients = [Client(sandbox.client("ec2"), before_allocate_address=meet(barrier)) for _run in range(2)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(run, clients))
    assert count() == WITH
    assert not run(sandbox.client("ec2"))["changed"]


def test_a_quota_that_others_use_up_is_told_at_once(sandbox, run, addresses):
    addresses(1)
    sandbox.client("ec2").allocate_address(Domain="vpc")
    with pytest.raises(Exception, match="AddressLimitExceeded"):
        run(sandbox.client("ec2"))


def test_one_overtakes_the_other_after_its_look(sandbox, run, count):
    """The first has looked, found itself alone, and sleeps; the second makes its VPC, whichever of the two ids is smaller."""
    for _round in range(3):
        asleep, awake = threading.Event(), threading.Event()

        def sleep(asleep=asleep, awake=awake) -> None:
            asleep.set()
            awake.wait(timeout=20)

        with ThreadPoolExecutor() as pool:
            first = pool.submit(run, Client(sandbox.client("ec2"), before_create_subnet=sleep))
            assert asleep.wait(timeout=20)
            second = pool.submit(run, sandbox.client("ec2"))
            threading.Timer(1.0, awake.set).start()
            assert first.result()["network"]["vpc_id"] == second.result()["network"]["vpc_id"]
        assert count() == WITH
        sandbox.reset()


@pytest.mark.parametrize("_round", range(3))  # either of the two ids may be the smaller one
def test_two_gateway_endpoints_of_a_service_become_one(sandbox, run, count, _round):
    """EC2 takes a second one where the route tables differ: a run that came between has made it with other ones."""
    ec2 = sandbox.client("ec2")
    made = []

    def overtake() -> None:
        if made:
            return
        vpc_id = ec2.describe_vpcs(Filters=[{"Name": "tag-key", "Values": [OPTIONS.owner]}])["Vpcs"][0]["VpcId"]
        tags = [{"Key": "Name", "Value": "my-cluster-s3"}, {"Key": OPTIONS.owner, "Value": "owned"}]
        specification = [{"ResourceType": "vpc-endpoint", "Tags": tags}]
        name = f"com.amazonaws.{OPTIONS.region}.s3"
        made.append(ec2.create_vpc_endpoint(VpcId=vpc_id, ServiceName=name, TagSpecifications=specification))

    assert run(Client(ec2, before_create_vpc_endpoint=overtake))["ready"]
    assert made and count() == WITH
    assert not run(ec2)["changed"]


class BrokenOff(Exception):
    """The end of a run, as if its process was killed."""


@pytest.mark.parametrize("operation", SENT)
def test_a_run_that_was_broken_off_goes_on(sandbox, run, count, operation):
    """After the call that made something, before anything could be noted."""

    def stop() -> None:
        raise BrokenOff

    with pytest.raises(BrokenOff):
        run(Client(sandbox.client("ec2"), **{f"after_{operation}": stop}))
    assert run(sandbox.client("ec2"))["ready"]
    assert count() == WITH
    assert not run(sandbox.client("ec2"))["changed"]
