"""Code that several `fab` commands share."""
