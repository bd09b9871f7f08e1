"""The database outlives a zone, a mistake of an operator, and a change of this program."""

from support.pulumi_stack import CLUSTER, rented


def inputs_of(stack):
    return stack.one("Instance", "database").inputs


def test_a_standby_in_another_zone_takes_over(stack):
    assert inputs_of(stack)["multiAz"] is True


def test_nothing_but_an_operator_who_says_so_three_times_deletes_it(stack):
    inputs, options = inputs_of(stack), stack.one("Instance", "database").options

    assert (options.protect, inputs["deletionProtection"], inputs["skipFinalSnapshot"]) == (True, True, False)
    assert (inputs["finalSnapshotIdentifier"], inputs["deleteAutomatedBackups"]) == ("invoices-final", False)


def test_what_aws_changes_by_itself_and_what_a_restore_leaves_behind_changes_nothing(stack):
    assert sorted(stack.one("Instance", "database").options.ignoreChanges) == [
        "engineVersion", "finalSnapshotIdentifier", "restoreToPointInTime", "snapshotIdentifier",
    ]  # fmt: skip


def test_any_moment_of_two_weeks_can_be_restored(stack):
    assert inputs_of(stack)["backupRetentionPeriod"] == 14


def test_it_is_encrypted_private_and_speaks_tls_only(stack):
    inputs = inputs_of(stack)
    parameters = {one["name"]: one["value"] for one in stack.one("ParameterGroup").inputs["parameters"]}

    assert (inputs["storageEncrypted"], inputs["publiclyAccessible"]) == (True, False)
    assert parameters["rds.force_ssl"] == "1"


def test_what_queries_are_about_is_not_logged(stack):
    parameters = {one["name"]: one["value"] for one in stack.one("ParameterGroup").inputs["parameters"]}

    assert [parameters[f"log_parameter_max_length{end}"] for end in ("", "_on_error")] == ["0", "0"]


def test_rds_keeps_its_own_password_and_no_database_is_made_with_its_order_of_names(stack):
    inputs = inputs_of(stack)

    assert inputs["manageMasterUserPassword"] is True
    assert not {"password", "dbName"} & set(inputs)


def test_its_logs_are_kept_for_90_days_and_made_before_it(stack):
    logs = [one for one in stack.of("LogGroup") if one.name != "cluster-logs"]

    assert {(one.inputs["name"], one.inputs["retentionInDays"]) for one in logs} == {
        ("/aws/rds/instance/invoices/postgresql", 90), ("/aws/rds/instance/invoices/upgrade", 90),
    }  # fmt: skip
    waits_for = [urn.split("::")[-1] for urn in stack.one("Instance", "database").options.dependencies]
    assert {"postgresql-logs", "upgrade-logs"} <= set(waits_for)


def test_its_size_is_that_of_the_cluster_and_its_storage_grows():
    sizes = [inputs_of(rented(**CLUSTER, clusterSize=size)) for size in ("small", "large")]

    assert [(one["instanceClass"], one["allocatedStorage"], one["maxAllocatedStorage"]) for one in sizes] == [
        ("db.t4g.small", 20, 200), ("db.m7g.large", 200, 2000),
    ]  # fmt: skip


def test_an_instance_that_a_restore_made_has_the_next_number():
    restored = rented(**CLUSTER, databaseNumber="2").one("Instance", "database-2")

    assert (restored.inputs["identifier"], restored.options.protect) == ("invoices-2", True)


def test_groups_that_are_replaced_have_another_name_than_those_in_use(stack):
    names = [set(stack.one(kind).inputs) & {"name", "namePrefix"} for kind in ("ParameterGroup", "SubnetGroup")]

    assert names == [{"namePrefix"}, {"namePrefix"}]
