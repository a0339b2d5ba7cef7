"""AWS Outposts: racks that somebody ordered, by botocore's model. One is there, with all of its capacity, when it is created.

https://docs.aws.amazon.com/outposts/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from kumo_sandbox.eks import model
from kumo_sandbox.eks.errors import ServiceError
from kumo_sandbox.eks.store import Raw, Store
from kumo_sandbox.launching import OUTPOST_TYPES
from kumo_sandbox.partitions import find_partition
from kumo_sandbox.principals import ACCOUNT

SERVICE = "outposts"
PAGE = 100
Answer = tuple[int, dict[str, str], bytes]


class OutpostsError(ServiceError):
    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def handle(store: Store, received: Any, operation: Any, path: dict[str, str]) -> Answer:
    """Answer a request: its region, its WSGI environment and its body are in ``received``."""
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
    try:
        act = OPERATIONS.get(operation.name)
        if act is None:
            raise OutpostsError("ValidationException", f"The sandbox does not act out {operation.name}.")
        params = _parse(operation, path, received.environ.get("QUERY_STRING", ""), received.body)
        with store.lock:
            answer = json.dumps(act(store, received.region, params)).encode()
        return 200, headers, answer
    except ServiceError as error:
        text = json.dumps({"__type": error.code, "Message": error.message}).encode()
        return error.status, {**headers, "x-amzn-ErrorType": error.code}, text


def _parse(operation: Any, path: dict[str, str], query: str, body: bytes) -> Raw:
    try:
        return model.parse(operation, path, query, body)
    except ServiceError as error:
        raise OutpostsError("ValidationException", error.message) from error


def find_outpost(store: Store, region: str, named: str) -> Raw | None:
    """An Outpost of the region by its ID or ARN."""
    for row in _list(store.outposts, region, "OutpostArn"):
        if named in (row["OutpostId"], row["OutpostArn"]):
            return row
    return None


def _list(rows: dict[str, Raw], region: str, key: str) -> list[Raw]:
    return [row for row in rows.values() if row[key].split(":")[3] == region]


def _build_arn(region: str, kind: str, key: str) -> str:
    return f"arn:{find_partition(region).name}:{SERVICE}:{region}:{ACCOUNT}:{kind}/{key}"


def _create_site(store: Store, region: str, p: Raw) -> Raw:
    key = f"os-{secrets.token_hex(9)[:17]}"
    site = {"SiteId": key, "SiteArn": _build_arn(region, "site", key), "Name": p["Name"], "AccountId": ACCOUNT}
    store.outpost_sites[site["SiteArn"]] = site
    return {"Site": site}


def _create_outpost(store: Store, region: str, p: Raw) -> Raw:
    sites = [row for row in store.outpost_sites.values() if p["SiteId"] in (row["SiteId"], row["SiteArn"])]
    if not sites:
        raise OutpostsError("NotFoundException", f"Site {p['SiteId']} not found", 404)
    key = f"op-{secrets.token_hex(9)[:17]}"
    row = {
        "OutpostId": key,
        "OutpostArn": _build_arn(region, "outpost", key),
        "OwnerId": ACCOUNT,
        "SiteId": sites[0]["SiteId"],
        "SiteArn": sites[0]["SiteArn"],
        "Name": p["Name"],
        "LifeCycleStatus": "ACTIVE",
        "AvailabilityZone": p.get("AvailabilityZone") or f"{region}a",
        "SupportedHardwareType": p.get("SupportedHardwareType") or "RACK",
        "Generation": "GENERATION_1",
        "Tags": p.get("Tags") or {},
    }
    store.outposts[row["OutpostArn"]] = row
    return {"Outpost": row}


def _get_outpost(store: Store, region: str, p: Raw) -> Raw:
    row = find_outpost(store, region, p["OutpostId"])
    if row is None:
        raise OutpostsError("NotFoundException", f"Outpost {p['OutpostId']} not found", 404)
    return {"Outpost": row}


def _delete_outpost(store: Store, region: str, p: Raw) -> Raw:
    del store.outposts[_get_outpost(store, region, p)["Outpost"]["OutpostArn"]]
    return {}


def _get_types(store: Store, region: str, p: Raw) -> Raw:
    row = _get_outpost(store, region, p)["Outpost"]
    types = [{"InstanceType": name, "VCPUs": count} for name, count in OUTPOST_TYPES.items()]
    return {"OutpostId": row["OutpostId"], "OutpostArn": row["OutpostArn"], **_page(types, p, "InstanceTypes")}


def _page(rows: list[Raw], p: Raw, key: str) -> Raw:
    start, size = int(p.get("NextToken") or 0), p.get("MaxResults") or PAGE
    more = {"NextToken": str(start + size)} if len(rows) > start + size else {}
    return {key: rows[start : start + size], **more}


OPERATIONS: dict[str, Callable[[Store, str, Raw], Raw]] = {
    "CreateSite": _create_site,
    "CreateOutpost": _create_outpost,
    "DeleteOutpost": _delete_outpost,
    "GetOutpost": _get_outpost,
    "GetOutpostInstanceTypes": _get_types,
    "ListOutposts": lambda store, region, p: _page(_list(store.outposts, region, "OutpostArn"), p, "Outposts"),
}
