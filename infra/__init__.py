"""Rents the server, its address and names, the bucket of its backups and its alarms, by Pulumi."""
