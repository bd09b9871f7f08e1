"""Commands for a server and its Pulumi stack: one `fab` command in each file."""
