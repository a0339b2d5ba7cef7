"""Rules of EC2: networks, addresses, gateways, endpoints, launch templates."""
