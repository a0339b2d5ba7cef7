"""Network interfaces that belong to a service or hang on an instance are not deleted by hand.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInterface.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.hooks import before, refuse


@before(EC2Response, "delete_network_interface")
def check_deletion(response: Any) -> None:
    interface = response.ec2_backend.get_network_interface(response._get_param("NetworkInterfaceId"))
    if interface.requester_managed:
        refuse("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
    if interface.instance or interface.status == "in-use":
        refuse("InvalidParameterValue", f"Network interface '{interface.id}' is currently in use.")
