"""What several commands of `fab` share."""
