"""What several copies of app and worker let one another know, and what the worker notes."""
