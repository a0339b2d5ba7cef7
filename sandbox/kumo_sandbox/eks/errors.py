"""The service's errors, as DescribeX and the others answer them."""

from __future__ import annotations

from typing import Any


class ServiceError(Exception):
    """An error shape of the EKS API; ``members`` are its other members (clusterName, nodegroupName)."""

    code = "InvalidParameterException"
    status = 400

    def __init__(self, message: str, **members: Any) -> None:
        super().__init__(message)
        self.message = message
        self.members = {key: value for key, value in members.items() if value is not None}


class InvalidParameter(ServiceError):
    pass


class InvalidRequest(ServiceError):
    code = "InvalidRequestException"


class InvalidState(ServiceError):
    code = "InvalidStateException"


class AccessDenied(ServiceError):
    code = "AccessDeniedException"
    status = 403


class ResourceInUse(ServiceError):
    code = "ResourceInUseException"
    status = 409


class ResourceNotFound(ServiceError):
    code = "ResourceNotFoundException"
    status = 404


class ClientFault(ServiceError):
    code = "ClientException"


class ResourceLimitExceeded(ServiceError):
    code = "ResourceLimitExceededException"


class UnsupportedZone(ServiceError):
    code = "UnsupportedAvailabilityZoneException"


class BadRequest(ServiceError):
    """How the operations of tags refuse a parameter."""

    code = "BadRequestException"


class Unsupported(ServiceError):
    """An operation of the model that the sandbox does not act out; the message names it."""

    code = "InvalidRequestException"
    status = 400


class ServerFault(ServiceError):
    """A fault of the sandbox's own, told as EKS tells its own faults."""

    code = "ServerException"
    status = 500
