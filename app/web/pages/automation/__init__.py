"""The page of automation."""
