"""What several copies of app and worker let one another know."""
