"""What users prove with who they are: registered, removed, used."""
