"""The output `cluster` of a stack that rented one, as Pulumi's command line prints it."""

CLUSTER = {
    "name": "invoices", "region": "us-east-1", "domain": "invoices.example.com", "zones": ["us-east-1a", "us-east-1b"],
    "subnets": ["subnet-1", "subnet-2"], "task_security_group": "sg-1", "ecs_cluster": "invoices",
    "app_service": "invoices-app", "worker_service": "invoices-worker",
    "app_family": "invoices-app", "worker_family": "invoices-worker", "once_family": "invoices-once",
    "backup_family": "invoices-backup",
    "app_repository": "123456789012.dkr.ecr.us-east-1.amazonaws.com/invoices/app",
    "proxy_repository": "123456789012.dkr.ecr.us-east-1.amazonaws.com/invoices/proxy",
    "backup_repository": "123456789012.dkr.ecr.us-east-1.amazonaws.com/invoices/backup",
    "load_balancer_arn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/invoices/1",
    "load_balancer_name": "invoices-1.us-east-1.elb.amazonaws.com",
    "public_host": "invoices-1.us-east-1.elb.amazonaws.com",
    "listener_arn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/invoices/1/2",
    "target_group_arn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/inv-1/3",
    "database_identifier": "invoices", "database_host": "invoices.1.us-east-1.rds.amazonaws.com",
    "database_master_secret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1",
    "secret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:invoices/cluster-1",
    "files_bucket": "invoices-files-1", "backup_bucket": "invoices-backups-1",
    "log_group": "/invoices/invoices/cluster",
    "alarm_topic": "arn:aws:sns:us-east-1:123456789012:invoices-alarms", "dashboard": "invoices",
    "size": {"name": "small", "app_tasks": 2, "worker_tasks": 1},
}  # fmt: skip
