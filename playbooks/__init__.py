"""Acts on a server and on what is rented: one command of `fab` in each file."""
