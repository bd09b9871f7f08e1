"""Who may reach which port of a server that was rented, as Lightsail's own firewall has it."""

from ipaddress import ip_network

NOBODY = {"192.0.2.1/32", "100::/64"}  # what the stack names where the operator has no network of a family
EVERYBODY = {"0.0.0.0/0", "::/0"}


def port_states(client, instance):
    return client.get_instance_port_states(instanceName=instance)["portStates"]


def ssh_networks(states):
    """Return the networks that SSH is answered to; a family that Lightsail says nothing of is everybody's."""
    found = set()
    for state in states:
        if state["protocol"] in {"tcp", "all"} and state["fromPort"] <= 22 <= state["toPort"]:
            found |= set(state.get("cidrs") or ["0.0.0.0/0"]) | set(state.get("ipv6Cidrs") or ["::/0"])
    return {str(ip_network(cidr)) for cidr in found} - NOBODY


def open_ranges(states):
    return {(state["protocol"], state["fromPort"], state["toPort"]) for state in states}
