"""EKS, and services like it, by botocore's own model: which operation a request is, what it says, and whether an answer keeps the shape."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import OperationModel, Shape
from botocore.session import Session
from botocore.validate import ParamValidator

from kumo_sandbox.eks.errors import BadRequest, InvalidParameter
from kumo_sandbox.eks.tags import check_tags


@cache
def load_service_model(service: str = "eks") -> Any:
    return Session().get_service_model(service)


@dataclass(frozen=True)
class Route:
    operation: OperationModel
    method: str
    pattern: re.Pattern[str]


@cache
def build_routes(service: str = "eks") -> tuple[Route, ...]:
    """Every operation's method and path, the ones with most fixed parts first."""
    found = []
    for name in load_service_model(service).operation_names:
        operation = load_service_model(service).operation_model(name)
        uri = operation.http["requestUri"]
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(uri))
        found.append(Route(operation, operation.http["method"], re.compile(f"{pattern}$")))
    return tuple(sorted(found, key=lambda route: route.operation.http["requestUri"].count("{")))


def match(method: str, raw_path: str, service: str = "eks") -> tuple[OperationModel, dict[str, str]] | None:
    """The operation of a request and its path's values; the path is still percent-encoded."""
    for route in build_routes(service):
        hit = route.pattern.match(raw_path) if route.method == method else None
        if hit:
            return route.operation, {key: unquote(value) for key, value in hit.groupdict().items()}
    return None


def parse(operation: OperationModel, path: dict[str, str], query: str, body: bytes) -> dict[str, Any]:
    """The parameters of a request by their names in the model; raises InvalidParameter where they break its rules."""
    shape = operation.input_shape
    if shape is None:
        return {}
    answers = parse_qs(query, keep_blank_values=True)
    try:
        document = json.loads(body) if body else {}
    except ValueError as error:
        raise InvalidParameter(f"The request body is not valid JSON: {error}") from error
    params: dict[str, Any] = {}
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        location = member.serialization.get("location")
        if location == "uri":
            params[name] = path[wire]
        elif location == "querystring" and wire in answers:
            params[name] = _parse_query(member, answers[wire])
        elif location is None and wire in document:
            params[name] = document[wire]
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise InvalidParameter(report.generate_report())
    _check_enums(shape, params, "")
    if operation.service_model.service_name == "eks":
        check_tags(params.get("tags") or {}, BadRequest if operation.name == "TagResource" else InvalidParameter)
    return params


def _parse_query(member: Shape, values: list[str]) -> Any:
    if member.type_name == "list":
        return values
    if member.type_name == "boolean":
        return values[0].lower() == "true"
    return int(values[0]) if member.type_name == "integer" else values[0]


def _check_enums(shape: Shape, value: Any, where: str) -> None:
    """botocore leaves enums to the service; EKS answers with the values it takes."""
    if value is None:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            _check_enums(member, value.get(name), f"{where}.{name}".lstrip("."))
    elif shape.type_name == "list":
        for item in value:
            _check_enums(shape.member, item, where)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        raise InvalidParameter(f"{where}: {value!r} is not one of {', '.join(shape.enum)}")


def shape_answer(shape: Shape | None, value: Any, where: str = "") -> Any:
    """An answer in the model's shape; what the model does not know is a fault of the sandbox and raises KeyError."""
    if shape is None or value is None:
        return value
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        if unknown:
            raise KeyError(f"{where or shape.name} has no member {', '.join(sorted(unknown))}")
        return {k: shape_answer(shape.members[k], v, f"{where}.{k}") for k, v in value.items() if v is not None}
    if shape.type_name == "list":
        return [shape_answer(shape.member, item, where) for item in value]
    if shape.type_name == "map":
        return {str(k): shape_answer(shape.value, v, where) for k, v in value.items()}
    wanted = {"string": str, "integer": int, "long": int, "boolean": bool, "timestamp": (int, float)}
    if not isinstance(value, wanted.get(shape.type_name, object)):
        raise KeyError(f"{where} is {type(value).__name__}, the model wants {shape.type_name}")
    return value
