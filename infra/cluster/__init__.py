"""The cluster: tasks of ECS behind a balancer, with a database in two zones."""
