"""Configures a server: accounts, SSH, firewall, updates, Docker; changes only what differs."""
