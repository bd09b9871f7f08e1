"""Use cases: each one checks, writes and audits in one transaction, for pages, API, command line and worker alike."""
