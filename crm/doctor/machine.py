"""What the machine and the settings must be: keys, folders, clock, fonts, static files."""

import stat
import time
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.translation import gettext as _

from archive.checks import HINT, check_printing
from crm import health
from crm.core import keyring
from crm.doctor.database import rows_of
from crm.doctor.findings import Sick

OFF_BY: Final = timedelta(seconds=5)
"""Beyond this the clocks of web server and database tell different stories (TOTP, leases)."""
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
STYLES: Final = "css/tokens.css"


def check_settings() -> str:
    """Fit for production (D15)."""
    wrong = {
        "DEBUG": settings.DEBUG,
        "KEDANG_DEMO": settings.KEDANG_DEMO,
        "SECRET_KEY": len(settings.SECRET_KEY) < 40,
        "ALLOWED_HOSTS": not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS,
        "SESSION_COOKIE_SECURE": not settings.SESSION_COOKIE_SECURE,
        "SECURE_SSL_REDIRECT": not settings.SECURE_SSL_REDIRECT,
    }
    names = [name for name, is_wrong in wrong.items() if is_wrong]
    if names:
        raise Sick(
            _("不适合正式运行：%(names)s") % {"names": "、".join(names)},
            _("用 DJANGO_SETTINGS_MODULE=crm.settings.prod，并按 .env.example 填写"),
        )
    return str(settings.SETTINGS_MODULE)


def check_broker() -> str:
    """A message can be handed over."""
    if not health.broker_answers():
        raise Sick(_("消息队列不应答"), _("启动 Redis，核对 REDIS_URL"))
    return _("应答")


def check_cache() -> str:
    """What is put into the cache comes out again."""
    word = f"{time.time()}"
    cache.set("kedang.doctor", word, timeout=30)
    if cache.get("kedang.doctor") != word:
        raise Sick(
            _("缓存写入后读不回来"),
            _("有 REDIS_URL 时启动 Redis；没有时执行 manage.py createcachetable"),
        )
    return _("可读写")


def check_worker() -> str:
    """A worker shows a pulse."""
    if not health.worker_lives():
        raise Sick(_("两分钟内没有后台进程的心跳"), "systemctl restart kedang-worker")
    return _("有心跳")


def check_beat() -> str:
    """The clock shows a pulse."""
    if not health.clock_lives():
        raise Sick(_("两分钟内没有定时进程的心跳"), "systemctl restart kedang-beat")
    return _("有心跳")


def check_keys() -> str:
    """The ring can be read by us, by nobody else, and is not the tests' own."""
    path = Path(settings.KEDANG_KEYRING_FILE)
    try:
        ring = keyring.load(str(path))
    except ImproperlyConfigured as problem:
        raise Sick(str(problem), _("放回原来的密钥环，切勿新建")) from problem
    if path.resolve().is_relative_to(settings.BASE_DIR / "crm"):
        raise Sick(_("密钥环是源代码里的测试密钥"), _("按 docs/runbook.md 自制密钥环"))
    _ensure_private(path)
    return _("有效密钥 %(name)s，共 %(count)d 把") % {"name": ring.active, "count": len(ring.keys)}


def check_folder() -> str:
    """Files of customers are for this account alone to write."""
    folder = Path(settings.VAR_DIR)
    if not folder.is_dir():
        raise Sick(_("数据目录不存在：%(path)s") % {"path": folder}, _("建立目录并归 kedang 所有"))
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Sick(
            _("数据目录他人可写：%(path)s %(mode)04o") % {"path": folder, "mode": mode},
            f"chmod 750 {folder}",
        )
    return f"{folder} {mode:04o}"


def check_disk() -> str:
    """There is room for files, logs and the broker's folders."""
    if not health.disk_has_room():
        raise Sick(_("数据目录所在磁盘剩余不足 200 MB"), _("清理日志和旧备份，勿删 files 目录"))
    return _("空间充足")


def check_clock() -> str:
    """The zone is Shanghai's, and database and machine agree on the time."""
    if str(settings.TIME_ZONE) != "Asia/Shanghai":
        raise Sick(_("时区为 %(zone)s") % {"zone": settings.TIME_ZONE}, _("恢复设置 Asia/Shanghai"))
    try:
        ZoneInfo(settings.TIME_ZONE)
    except ZoneInfoNotFoundError as problem:
        raise Sick(_("系统缺少时区数据"), "apt-get install tzdata") from problem
    ((there,),) = rows_of("SELECT clock_timestamp()")
    apart = abs(there - timezone.now())
    if apart > OFF_BY:
        words = {"seconds": round(apart.total_seconds())}
        raise Sick(
            _("与数据库时钟相差 %(seconds)d 秒") % words, _("两台机器都启用 NTP 校时（chrony）")
        )
    return _("与数据库一致")


def check_fonts() -> str:
    """Pango and a Chinese font for the printed forms."""
    found = check_printing()
    if found:
        raise Sick("；".join(str(message.msg) for message in found), HINT)
    return _("可打印中文")


def check_static() -> str:
    """The static files that pages ask for are there."""
    try:
        address = staticfiles_storage.url(STYLES)
        kept = getattr(staticfiles_storage, "stored_name", None)
        if kept is not None:
            is_there = staticfiles_storage.exists(kept(STYLES))
        else:
            is_there = finders.find(STYLES) is not None
    except ValueError:
        address, is_there = STYLES, False
    if not is_there:
        raise Sick(
            _("静态文件未收集：%(path)s") % {"path": address},
            _("执行 manage.py collectstatic --noinput"),
        )
    return address


def _ensure_private(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        raise Sick(
            _("密钥环他人可读：%(path)s %(mode)04o") % {"path": path, "mode": mode},
            f"chmod 600 {path}",
        )
