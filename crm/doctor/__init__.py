"""`manage.py doctor`: is this installation fit to work, and if not, what mends it.

Checks read and change nothing (but one key of the cache). All of them run, whatever the others
found; the exit code says whether every one is fit.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.doctor import database, machine
from crm.doctor.findings import Finding, Sick

__all__ = ["CHECKS", "Check", "Finding", "examine", "examine_all"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name for machines, its title for people, and the question itself."""

    name: str
    title: Any
    ask: Callable[[], str]
    in_database: bool = False


CHECKS: Final = (
    Check("settings", gettext_lazy("运行设置"), machine.check_settings),
    Check("version", gettext_lazy("数据库版本"), database.check_version, in_database=True),
    Check("locale", gettext_lazy("编码与排序"), database.check_locale, in_database=True),
    Check("role", gettext_lazy("数据库账号"), database.check_role, in_database=True),
    Check("migrations", gettext_lazy("数据表"), database.check_migrations, in_database=True),
    Check("reference", gettext_lazy("基础数据"), database.check_reference, in_database=True),
    Check("demo", gettext_lazy("演示数据"), database.check_demo, in_database=True),
    Check("intarray", gettext_lazy("数组运算符"), database.check_shadows, in_database=True),
    Check("indexes", gettext_lazy("索引"), database.check_indexes, in_database=True),
    Check("gin", gettext_lazy("检索索引积压"), database.check_gin, in_database=True),
    Check("broker", gettext_lazy("消息队列"), machine.check_broker),
    Check("cache", gettext_lazy("缓存"), machine.check_cache, in_database=True),
    Check("worker", gettext_lazy("后台进程"), machine.check_worker, in_database=True),
    Check("beat", gettext_lazy("定时进程"), machine.check_beat, in_database=True),
    Check("keys", gettext_lazy("密钥环"), machine.check_keys),
    Check("folder", gettext_lazy("数据目录"), machine.check_folder),
    Check("disk", gettext_lazy("磁盘"), machine.check_disk),
    Check("clock", gettext_lazy("时钟"), machine.check_clock, in_database=True),
    Check("fonts", gettext_lazy("打印字体"), machine.check_fonts),
    Check("static", gettext_lazy("静态文件"), machine.check_static),
)


def examine(check: Check) -> Finding:
    """Ask one check; a database that does not answer is a finding too."""
    title = str(check.title)
    try:
        with transaction.atomic() if check.in_database else nullcontext():
            return Finding(check.name, title, fit=True, text=check.ask())
    except Sick as sick:
        return Finding(check.name, title, fit=False, text=sick.text, mend=sick.mend)
    except DatabaseError as problem:
        said = str(problem).strip().splitlines() or [type(problem).__name__]
        mend = _("核对 DATABASE_URL，启动 PostgreSQL，再执行 manage.py migrate")
        return Finding(check.name, title, fit=False, text=said[0], mend=mend)


def examine_all() -> list[Finding]:
    """Every check in the order of the table."""
    return [examine(check) for check in CHECKS]
