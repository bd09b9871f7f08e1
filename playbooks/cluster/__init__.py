"""What the commands of `fab` do on a cluster, by the API of AWS."""
