"""Rules for all resources, which Pulumi checks before it changes anything."""
