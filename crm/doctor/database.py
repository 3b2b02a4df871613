"""What the database must be: version, encoding, powers, tables, indexes. Reads only."""

from typing import Any, Final

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from crm.core.models import DictEntry, Region
from crm.demo.logins import is_seeded
from crm.doctor.findings import Sick
from crm.identity.models import RoleRight
from customers.models import FieldRule

OLDEST: Final = 150000
GIN_WAITING: Final = 200_000
"""Rows that came since the last vacuum, which a search may still have to read one by one."""

_SHADOWS = """
SELECT DISTINCT coalesce('扩展 ' || e.extname, '模式 ' || n.nspname)
FROM pg_operator o
JOIN pg_namespace n ON n.oid = o.oprnamespace
LEFT JOIN pg_depend d
  ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
LEFT JOIN pg_extension e ON e.oid = d.refobjid
WHERE o.oprname IN ('@>', '<@', '&&')
  AND o.oprleft = 'int4[]'::regtype AND o.oprright = 'int4[]'::regtype
  AND n.nspname <> 'pg_catalog'
ORDER BY 1
"""
_INVALID = """
SELECT c.relname FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT (i.indisvalid AND i.indisready) AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY 1
"""
_GIN = """
SELECT DISTINCT s.relname || ' ' || s.n_ins_since_vacuum
FROM pg_stat_user_tables s
JOIN pg_index i ON i.indrelid = s.relid
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am a ON a.oid = c.relam AND a.amname = 'gin'
WHERE s.n_ins_since_vacuum > %s
  AND NOT coalesce(c.reloptions @> ARRAY['fastupdate=off'], false)
ORDER BY 1
"""
_POWERS = """
SELECT array_remove(ARRAY[
  CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
  CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
  CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
  CASE WHEN r.rolreplication THEN 'REPLICATION' END,
  CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
  CASE WHEN has_schema_privilege(r.oid, 'public', 'CREATE') THEN 'CREATE ON SCHEMA public' END,
  CASE WHEN EXISTS (
    SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND pg_has_role(r.oid, c.relowner, 'USAGE')
  ) THEN 'OWNER' END
], NULL) FROM pg_roles r WHERE r.rolname = coalesce(%s, current_user)
"""
_LOCALE = """
SELECT pg_encoding_to_char(encoding), datcollate, datcollversion,
       pg_database_collation_actual_version(oid)
FROM pg_database WHERE datname = current_database()
"""


def rows_of(sql: str, values: list[Any] | None = None) -> list[Any]:
    """The rows of one question."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def check_version() -> str:
    """PostgreSQL 15 or newer (D1)."""
    number = server_version()
    said = f"{number // 10000}.{number % 10000}"
    if number < OLDEST:
        raise Sick(_("PostgreSQL %(version)s 过旧") % {"version": said}, _("升级到 15 或更新版本"))
    return f"PostgreSQL {said}"


def server_version() -> int:
    """The server's number, such as 150020."""
    return int(rows_of("SHOW server_version_num")[0][0])


def check_locale() -> str:
    """UTF-8, and the order of texts that the indexes were built with."""
    ((encoding, collate, built_with, now),) = rows_of(_LOCALE)
    if encoding != "UTF8":
        raise Sick(
            _("数据库编码为 %(encoding)s") % {"encoding": encoding},
            _("以 ENCODING 'UTF8' TEMPLATE template0 重建数据库后恢复数据"),
        )
    if built_with != now:
        words = {"before": built_with or "—", "now": now or "—"}
        raise Sick(
            _("排序规则版本由 %(before)s 变为 %(now)s，文本索引可能失序") % words,
            _("执行 REINDEX DATABASE，再执行 ALTER DATABASE … REFRESH COLLATION VERSION"),
        )
    return f"{encoding} {collate}"


def check_role() -> str:
    """Web, worker and beat cannot change their own tables (D1)."""
    powers = powers_of(None)
    name = str(connection.settings_dict["USER"])
    if powers:
        words = {"name": name, "powers": "、".join(powers)}
        raise Sick(
            _("应用账号 %(name)s 权力过大：%(powers)s") % words,
            _("DATABASE_URL 改用 kedang_app，建法见 docs/runbook.md"),
        )
    return name


def powers_of(role: str | None) -> list[str]:
    """What a role (None: ours) may do beyond reading and writing rows."""
    ((powers,),) = rows_of(_POWERS, [role])
    return list(powers)


def check_migrations() -> str:
    """The tables are those of this program."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        first = f"{waiting[0][0].app_label}.{waiting[0][0].name}"
        words = {"count": len(waiting), "first": first}
        raise Sick(
            _("%(count)d 个迁移未执行，第一个是 %(first)s") % words, _("执行 manage.py migrate")
        )
    return _("全部已执行")


def check_reference() -> str:
    """Rights, regions, field rules and dictionaries are loaded."""
    tables = {
        _("权限"): RoleRight.objects,
        _("行政区划"): Region.objects,
        _("字段规则"): FieldRule.objects,
        _("数据字典"): DictEntry.objects,
    }
    empty = [name for name, rows in tables.items() if not rows.exists()]
    if empty:
        raise Sick(
            _("缺少基础数据：%(names)s") % {"names": "、".join(empty)},
            _("执行 manage.py load_reference"),
        )
    return "、".join(tables)


def check_demo() -> str:
    """People whose password stands in the README are nobody's colleagues (D15)."""
    if is_seeded():
        raise Sick(
            _("数据库里有演示数据，演示账号的密码人人皆知"),
            _("另建空数据库，重新 migrate 并 install"),
        )
    return _("没有演示数据")


def check_shadows() -> str:
    """No other array operators stand before the built-in ones: the GIN indexes answer those only.

    The extension `intarray` brings such operators, and every search would read the whole table.
    """
    found = [name for (name,) in rows_of(_SHADOWS)]
    if found:
        words = {"names": "、".join(found)}
        raise Sick(
            _("%(names)s 的整数数组运算符（如 intarray）遮住了内置运算符，检索用不上索引") % words,
            _("执行 DROP EXTENSION intarray，或把它移出 search_path"),
        )
    return _("未安装 intarray")


def check_indexes() -> str:
    """No index was left half-built."""
    found = [name for (name,) in rows_of(_INVALID)]
    if found:
        raise Sick(
            _("索引无效：%(names)s") % {"names": "、".join(found)},
            _("逐个执行 REINDEX INDEX CONCURRENTLY"),
        )
    return _("全部有效")


def check_gin() -> str:
    """The lists of what GIN has not sorted in yet are short."""
    found = [name for (name,) in rows_of(_GIN, [GIN_WAITING])]
    if found:
        raise Sick(
            _("自上次清理后新增过多，检索会变慢：%(names)s") % {"names": "、".join(found)},
            _("对这些表执行 VACUUM，并确认 autovacuum 已开启"),
        )
    return _("没有积压")
