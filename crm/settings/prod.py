"""Production: refuses to start with what is fit only for a demonstration (D15)."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from crm.settings import env
from crm.settings.base import *

DEBUG = False
SECRET_KEY = env.require("SECRET_KEY", env.SECRET_KEY)
ALLOWED_HOSTS = env.ALLOWED_HOSTS
CSRF_TRUSTED_ORIGINS = env.CSRF_TRUSTED_ORIGINS
env.require("KEDANG_KEYRING", env.KEYRING_FILE)
env.require("ALLOWED_HOSTS", ",".join(env.ALLOWED_HOSTS))
if env.DEBUG:
    raise ImproperlyConfigured("DEBUG is set: production shows its insides to nobody")
if Path(env.KEYRING_FILE).resolve().is_relative_to(BASE_DIR / "crm"):
    raise ImproperlyConfigured(
        "KEDANG_KEYRING names a file of the source code: make keys of your own"
    )
if env.DEMO:
    raise ImproperlyConfigured("KEDANG_DEMO is set: demo log-ins must not exist in production")
if len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("SECRET_KEY is shorter than 40 characters: make a new one")
if len(set(SECRET_KEY)) < 16:
    raise ImproperlyConfigured("SECRET_KEY is too plain: make a random one")
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS may not contain *: name the hosts")
if not all(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS):
    raise ImproperlyConfigured("CSRF_TRUSTED_ORIGINS may name https:// only")
if ":PASSWORD@" in env.DATABASE_URL:
    raise ImproperlyConfigured("DATABASE_URL still has the example's password")

SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if env.PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
