"""The Pulumi program: server, address, DNS records, backup bucket and alarms."""
