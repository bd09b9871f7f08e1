"""What a stack can have rented, a server or a cluster, and the commands that both understand."""
