"""Functions that no metric's query may call.

Belongs here: which names reach beyond the tables of a database, by dialect. Does not: finding calls in a query.

They read files, other databases, settings or secrets, run a text as SQL, change or hold up the server. The databases'
own rights and settings refuse most of them again; this refuses them whatever the login may do.
"""

import re
from collections.abc import Mapping
from typing import Final

_POSTGRESQL: Final = r"""
    # All of the server's own family but what describes tables, types and times.
    pg_(?!typeof$|size_|column_size$|timezone_|postmaster_start_time$|is_in_recovery$|get_|(database|table|relation
         |total_relation|indexes)_size$).*
  | pg_get_(backend_memory_contexts|shmem_allocations|multixact_members|wal_.*|publication_tables|replication_slots)
  | lo_.* | loread | lowrite
  | dblink.* | postgres_fdw_.* | file_fdw_.* | binary_upgrade_.* | plpgsql_.* | brin_.* | gin_clean_.* | .*handler
  | set_config | nextval | setval | txid_current | currtid2 | amvalidate
  # They take SQL as a text.
  | (query|table|cursor|schema|database)_to_xml.* | ts_stat | ts_rewrite | crosstab.* | connectby | xpath_table
"""
_DUCKDB: Final = r"""
    read_.* | .*_scan | .*_scan_dumb | parquet_.* | sniff_.* | glob | st_read.* | from_substrait.*
  | duckdb_.* | pragma_.* | which_secret | getenv | getvariable | current_setting | user_agent | test_.*
  | query | query_table | json_execute_serialized_sql | sql_auto_complete | summary
  | (sqlite|postgres|mysql)_(attach|query|execute) | load_aws_credentials
  | .*_external_resource.* | (force_)?checkpoint | (enable|disable)_.* | truncate_.* | python_.* | stats | vector_type
  | nextval | setval | sleep_ms | pg_sleep | write_log | setseed | error | in_search_path
"""
_MYSQL: Final = r"""
    load_file | sleep | benchmark | (get|release|is_free|is_used)_lock | release_all_locks | nextval | setval
  | (master|source)_(pos|gtid)_wait | wait_for_executed_gtid_set | wait_until_sql_thread.* | binlog_gtid_pos
  | sys_.* | lib_mysqludf.* | service_.* | keyring_.* | group_replication_.* | wsrep_.* | set_var
  | asynchronous_connection_failover_.* | mysql_firewall.* | audit_.* | ps_.*
"""
_SQLITE: Final = r"""
    load_extension | readfile | writefile | edit | fts3_tokenizer | zipfile | fsdir | lsmode | eval | pragma_.*
"""
_REDSHIFT: Final = rf"""
    {_POSTGRESQL} | .*_lambda | explain_model | redshift_.*
"""
_SNOWFLAKE: Final = r"""
    system\$.* | result_scan | infer_schema | get_presigned_url | build_(scoped|stage)_file_url | get_stage_location
  | get_(ddl|object_references) | nextval | seq[1248] | ai_.* | complete | try_complete | search_preview
  | (register|stage)_.* | task_dependents | .*_refresh | execute_.* | generator
"""
_BIGQUERY: Final = r"""
    external_query | external_object_transform | obj\..* | ml_.* | ai_.*
  | generate_(text|embedding|table|bool|int|double)
  | vector_search | ml\..* | ai\..* | keys\..*
"""
_DATABRICKS: Final = r"""
    read_.* | cloud_files | remote_query | http_request | ai_.* | (try_)?reflect | java_method | (try_|list_)?secrets?
  | vector_search | event_log | input_file_.* | sql_keywords | assert_true | raise_error | table_changes
"""
_TRINO: Final = r"""
    query | raw_query | procedure | execute | fail | ai_.*
"""
_CLICKHOUSE: Final = r"""
    (url|file|s3|gcs|hdfs|azureblobstorage|cosn|oss|remote|remotesecure|cluster|clusterallreplicas)(cluster)? | s3queue
  | mysql | postgresql | sqlite | mongodb | redis | jdbc | odbc | executable(pool)? | input | ytsaurus
  | (iceberg|deltalake|hudi|paimon).* | hive | fuzz.* | loop | sleep.* | getsetting.* | getmacro | getserverport
  | dictget.* | catboostevaluate | joinget.* | throwif | file | showcertificate | zookeeper | generaterandom | merge
  | arrowflight | ai.* | prometheus.* | addressto.* | demangle | flushlogs
"""
_PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    dialect: re.compile(pattern, re.VERBOSE)
    for dialect, pattern in {
        "postgres": _POSTGRESQL,
        "duckdb": _DUCKDB,
        "mysql": _MYSQL,
        "sqlite": _SQLITE,
        "redshift": _REDSHIFT,
        "snowflake": _SNOWFLAKE,
        "bigquery": _BIGQUERY,
        "databricks": _DATABRICKS,
        "trino": _TRINO,
        "clickhouse": _CLICKHOUSE,
    }.items()
}
_MAKING_TEXTS: Final = frozenset({"repeat", "pad", "space", "zeroblob", "randomblob", "bar"})


def reaches(name: str, dialect: str) -> bool:
    """Whether a function of a name, in lower case, reaches beyond the tables in a dialect, as sqlglot calls it.

    >>> reaches("pg_read_file", "postgres"), reaches("pg_typeof", "postgres")
    (True, False)
    """
    return _PATTERNS[dialect].fullmatch(name) is not None


def makes_texts_of_a_given_length(name: str) -> bool:
    """Whether a function gives a text of any length that an argument asks for."""
    return name in _MAKING_TEXTS
