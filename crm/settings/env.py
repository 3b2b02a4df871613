"""The only place that reads the environment: typed names, and a start that fails by name.

Processes are never started here. `manage.py`, `crm/wsgi.py`, `crm/celery.py` and `conftest.py`
put DATABASE_URL there first when nobody set it (D1).
"""

import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()

IS_WORKER = "celery" in sys.argv[0] and "worker" in sys.argv
"""Whether this process is Celery's worker, which waits for the broker more patiently."""

VAR_DIR = Path(env.str("KEDANG_VAR", default="") or BASE_DIR / "var")
DATABASE_URL: str = env.str("DATABASE_URL", default="")
REDIS_URL: str = env.str("REDIS_URL", default="")
TEST_DATABASE: str = env.str("KEDANG_TEST_DB", default="")
SECRET_KEY: str = env.str("SECRET_KEY", default="")
KEYRING_FILE: str = env.str("KEDANG_KEYRING", default="")
DEBUG: bool = env.bool("DEBUG", default=False)
"""Nobody obeys it; production refuses to start with it."""
DEMO: bool = env.bool("KEDANG_DEMO", default=False)
PROFILES: list[str] = env.list("KEDANG_PROFILES", default=["tobacco", "repair", "boss"])
PASSWORD_POLICY: str = env.str("KEDANG_PASSWORD_POLICY", default="cn_mlps3")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PROXY_COUNT: int = env.int("KEDANG_PROXY_COUNT", default=0)
METRICS_NETWORKS: list[str] = env.list(
    "KEDANG_METRICS_NETWORKS", default=["127.0.0.1/32", "::1/128"]
)
CLAMD: str = env.str("KEDANG_CLAMD", default="")
"""The virus scanner, "host:port" or a socket's path; empty marks files as not scanned."""
WEBHOOK_NETWORKS: list[str] = env.list("KEDANG_WEBHOOK_NETWORKS", default=[])
"""Private networks that webhooks may reach, e.g. 127.0.0.0/8 for the demo's neighbours."""
NEIGHBOURS_PORT: int = env.int("KEDANG_NEIGHBOURS_PORT", default=8010)
"""Where the demo's outside systems listen."""


def require(name: str, value: str) -> str:
    """Return `value`, or stop the start with the missing name. Raises ImproperlyConfigured."""
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: see .env.example")
    return value
