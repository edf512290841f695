"""The settings that a session has, whatever the server, the database and the role say."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from contactsync.database.connection import Session, connect
from contactsync.database.session_settings import FIXED, PINNED, TUNED, from_options
from contactsync.domain.errors import DatabaseRefuses
from tests.roles import as_daemon

HOSTILE = {
    "array_nulls": "off",
    "bytea_output": "escape",
    "client_encoding": "LATIN1",
    "client_min_messages": "debug5",
    "datestyle": "German, MDY",
    "default_statistics_target": "10000",
    "default_table_access_method": "heap",
    "default_transaction_deferrable": "on",
    "default_transaction_isolation": "serializable",
    "enable_bitmapscan": "off",
    "enable_hashagg": "off",
    "enable_hashjoin": "off",
    "enable_indexonlyscan": "off",
    "enable_indexscan": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "enable_sort": "off",
    "exit_on_error": "on",
    "extra_float_digits": "-15",
    "idle_in_transaction_session_timeout": "1ms",
    "idle_session_timeout": "10s",
    "intervalstyle": "sql_standard",
    "jit": "on",
    "lock_timeout": "1ms",
    "plan_cache_mode": "force_generic_plan",
    "row_security": "off",
    "search_path": "public, pg_catalog",
    "standard_conforming_strings": "off",
    "statement_timeout": "10min",
    "synchronous_commit": "off",
    "temp_buffers": "100",
    "timezone": "Asia/Tokyo",
    "transaction_timeout": "1s",
    "transform_null_equals": "on",
    "vacuum_cost_delay": "100",
    "work_mem": "64",
}
"""Values that an operator may give the database for other programs, one for each setting that the program pins."""

LEFT_ALONE = {
    "read-only: an operator may freeze a database with it, and the daemon waits": "default_transaction_read_only",
    "of one transaction, which starts with the defaults that are pinned": (
        "transaction_deferrable transaction_isolation transaction_read_only"
    ),
    "sent with the connection": "application_name",
    "costs, parallelism and the order of joins: slower, with the same result; the operator knows the machine": (
        "backend_flush_after constraint_exclusion cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost"
        " cursor_tuple_fraction effective_cache_size effective_io_concurrency enable_async_append"
        " enable_distinct_reordering enable_gathermerge enable_group_by_reordering enable_incremental_sort"
        " enable_material enable_memoize enable_parallel_append enable_parallel_hash enable_partition_pruning"
        " enable_partitionwise_aggregate enable_partitionwise_join enable_presorted_aggregate"
        " enable_self_join_elimination enable_tidscan from_collapse_limit geqo geqo_effort geqo_generations"
        " geqo_pool_size geqo_seed geqo_selection_bias geqo_threshold gin_pending_list_limit hash_mem_multiplier"
        " io_combine_limit jit_above_cost jit_expressions jit_inline_above_cost jit_optimize_above_cost"
        " jit_tuple_deforming join_collapse_limit maintenance_io_concurrency maintenance_work_mem"
        " max_parallel_maintenance_workers max_parallel_workers max_parallel_workers_per_gather"
        " min_parallel_index_scan_size min_parallel_table_scan_size parallel_leader_participation parallel_setup_cost"
        " parallel_tuple_cost random_page_cost recursive_worktable_factor seq_page_cost stats_fetch_consistency"
        " synchronize_seqscans wal_skip_threshold"
    ),
    "set by sql/database/session.sql, for the workers": "enable_nestloop",
    "where and how the operator stores tables": "default_tablespace default_toast_compression temp_tablespaces",
    "only VACUUM, replication, or other statements that the program does not run": (
        "createrole_self_grant debug_logical_replication_streaming file_copy_method gin_fuzzy_search_limit"
        " logical_decoding_work_mem password_encryption scram_iterations vacuum_buffer_usage_limit vacuum_cost_limit"
        " vacuum_cost_page_dirty vacuum_cost_page_hit vacuum_cost_page_miss vacuum_failsafe_age"
        " vacuum_freeze_min_age vacuum_freeze_table_age vacuum_max_eager_freeze_failure_rate"
        " vacuum_multixact_failsafe_age vacuum_multixact_freeze_min_age vacuum_multixact_freeze_table_age"
        " vacuum_truncate wal_sender_timeout"
    ),
    "types and functions that no statement uses: to_char, text search, XML, abbreviated zones, views of pg_dump": (
        "default_text_search_config icu_validation_level lc_monetary lc_numeric lc_time quote_all_identifiers"
        " restrict_nonsystem_relation_kind timezone_abbreviations xmlbinary xmloption"
    ),
    "only warnings, checks, and the server's log": (
        "backslash_quote check_function_bodies debug_parallel_query debug_pretty_print debug_print_parse"
        " debug_print_plan debug_print_rewritten escape_string_warning force_parallel_mode"
        " log_parameter_max_length_on_error md5_password_warnings trace_notify trace_sort"
    ),
    "the link, which our own keepalives and patience watch": (
        "client_connection_check_interval commit_siblings ssl_renegotiation_limit tcp_keepalives_count"
        " tcp_keepalives_idle tcp_keepalives_interval tcp_user_timeout"
    ),
    "libraries that the operator loads": "local_preload_libraries",
}
"""Why a session may have any value of these."""


def hostile(url: str) -> None:
    """Give the database the worst value of each setting that it can have."""
    with psycopg.connect(url, autocommit=True) as admin:
        major = admin.info.server_version // 10000
        database = sql.Identifier(admin.info.dbname)
        for name, value in HOSTILE.items():
            if name != "transaction_timeout" or major >= 17:
                change = sql.SQL("ALTER DATABASE {} SET {} = {}")
                admin.execute(
                    change.format(
                        database,
                        sql.Identifier(name),
                        sql.SQL(value if name == "search_path" else repr(value)),
                    )
                )


def values(conn: psycopg.Connection[Any]) -> dict[str, str]:
    return {
        row["name"].lower(): row["setting"] for row in conn.execute("SELECT name, setting FROM pg_settings")
    }


def test_every_setting_has_a_hostile_value() -> None:
    assert set(HOSTILE) == set(PINNED)


def test_whatever_the_database_says_a_session_has_the_same_settings(database_url: str) -> None:
    """`ALTER DATABASE … SET` for other programs changes nothing of ours."""
    with connect(as_daemon(database_url)) as conn:
        before = values(conn)
    hostile(database_url)
    with connect(as_daemon(database_url)) as conn:
        after = values(conn)
    assert {name: after[name] for name in PINNED if name in after} == {
        name: before[name] for name in PINNED if name in before
    }
    assert after["synchronous_commit"] == "on"


def test_no_setting_of_this_server_is_forgotten(conn: psycopg.Connection[Any]) -> None:
    """Every setting that anybody may change for a session is pinned, or left alone for a reason."""
    names = {
        name.lower()
        for (name,) in conn.execute("SELECT name FROM pg_settings WHERE context = 'user'")
        if "." not in name
    }
    left = {name for reason in LEFT_ALONE.values() for name in reason.split()}
    assert names - set(PINNED) - left == set()
    assert left & set(PINNED) == set()


def test_a_worker_works_on_such_a_database(database_url: str) -> None:
    """Its staging tables are made, and an array may hold NULL."""
    hostile(database_url)
    session = Session(as_daemon(database_url))
    with session() as conn:
        row = conn.execute("SELECT '{a,NULL}'::text[] AS found, now() AS at").fetchone()
    session.close()
    assert row is not None
    assert row["found"] == ["a", None]
    assert str(row["at"].tzinfo) == "UTC"


def test_the_url_may_change_limits_but_not_results(site_url: str) -> None:
    """`options` in database_url win over our limits, and over nothing that results depend on."""
    options = r"-c lock_timeout=300ms --work-mem=8MB -csynchronous_commit=off -c application_name=a\ b"
    with connect(make_conninfo(as_daemon(site_url), options=options)) as conn:
        found = values(conn)
    assert (found["lock_timeout"], found["work_mem"]) == ("300", "8192")
    assert (found["synchronous_commit"], found["application_name"]) == ("on", "a b")


def test_a_setting_that_the_server_does_not_know(site_url: str) -> None:
    """Somebody must correct database_url."""
    with (
        pytest.raises(DatabaseRefuses, match="42704"),
        connect(make_conninfo(site_url, options="-c no_such=1")),
    ):
        raise AssertionError


@pytest.mark.parametrize(
    ("options", "settings", "others"),
    [
        ("", {}, ""),
        ("-c a=1", {"a": "1"}, ""),
        ("-ca=1 --b-c=2", {"a": "1", "b_c": "2"}, ""),
        (r"-c a=x\ y -c b=\\", {"a": "x y", "b": "\\"}, ""),
        ("-d 5 -c a=1", {"a": "1"}, "-d 5"),
        ("-c", {}, "-c"),
        (r"-e x\ y", {}, r"-e x\ y"),
    ],
)
def test_options_are_read_as_the_server_reads_them(
    options: str, settings: dict[str, str], others: str
) -> None:
    """A backslash makes a space part of a value; what sets nothing stays an option."""
    assert from_options(options) == (settings, others)


def test_limits_and_results_are_told_apart() -> None:
    assert not set(FIXED) & set(TUNED)
