"""Tests: fast hasher, eager tasks, fixed keys that protect nothing."""

import tempfile
from pathlib import Path

from crm.settings import env
from crm.settings.base import *

DEBUG = False
SECRET_KEY = "only-for-tests"  # noqa: S105
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
KEDANG_KEYRING_FILE = str(BASE_DIR / "crm" / "core" / "tests" / "keyring.json")
KEDANG_DEMO = False
KEDANG_PROFILES = ["tobacco", "repair", "boss"]
DATABASES["default"]["CONN_MAX_AGE"] = 0
# A commit need not reach the disk: no test cuts the power, and each wait adds up.
DATABASES["default"]["OPTIONS"] |= {"options": "-c synchronous_commit=off"}
if env.TEST_DATABASE:
    DATABASES["default"]["TEST"] = {"NAME": env.TEST_DATABASE}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "throttle": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "t"},
}
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_BROKER_URL = "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
MEDIA_ROOT = Path(tempfile.gettempdir()) / "kedang-test-files"
STATIC_ROOT = Path(tempfile.gettempdir()) / "kedang-test-static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_AUTOREFRESH = True
AXES_ENABLED = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
KEDANG_STRICT_ICONS = True
