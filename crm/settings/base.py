"""What is true everywhere. Differences stand in dev.py, test.py and prod.py."""

from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from crm.beat import TIMETABLE
from crm.settings import env

BASE_DIR: Path = env.BASE_DIR
VAR_DIR: Path = env.VAR_DIR
VERSION = "0.1.0"

INSTALLED_APPS = [
    "django_prometheus",
    "crm.identity.admin_config.KedangAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "guardian",
    "simple_history",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "django_structlog",
    "template_partials",
    "tree_queries",
    "crm",
    "crm.core",
    "crm.identity",
    "crm.outbox",
    "crm.approvals",
    "crm.imports",
    "logistics",
    "customers",
    "archive",
    "onboarding",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "crm.core.http.RequestIdMiddleware",
    "crm.core.http.DatabaseDownMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "archive.uploads.UploadLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "crm.identity.middleware.SessionGateMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "crm.core.http.DomainErrorMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.nav.frame",
                *(["crm.demo.door.demo_table"] if env.DEMO else []),
            ],
        },
    },
]
FORM_RENDERER = "crm.core.renderers.KedangRenderer"

# --- data
DATABASES = {"default": environ.Env.db_url_config(env.require("DATABASE_URL", env.DATABASE_URL))}
DATABASES["default"] |= {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    # A dead server must be noticed within the 3 s of RF-60, not after the kernel's two minutes.
    "OPTIONS": {"connect_timeout": 2, "application_name": "kedang"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
KEDANG_KEYRING_FILE = env.KEYRING_FILE
CACHES: dict[str, dict[str, object]] = {
    "default": {
        "BACKEND": "crm.core.caches.CalmRedisCache",
        "LOCATION": env.REDIS_URL,
        "KEY_PREFIX": "kedang",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
    if env.REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
    },
    # Throttle counters without Redis are per process (D2).
    "throttle": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
if env.REDIS_URL:
    CACHES["throttle"] = {**CACHES["default"], "KEY_PREFIX": "kedang-throttle"}

# --- who acts
AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
ANONYMOUS_USER_NAME = None
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "crm.identity.password_policy.PolicyValidator"},
    {"NAME": "crm.identity.password_policy.HistoryValidator"},
]
KEDANG_PASSWORD_POLICY = env.PASSWORD_POLICY
KEDANG_PROFILES = env.PROFILES
KEDANG_DEMO = env.DEMO
KEDANG_NEIGHBOURS_PORT = env.NEIGHBOURS_PORT
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "crm.identity.adapters.AccountAdapter"
MFA_ADAPTER = "crm.identity.adapters.MFAAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = {"login_failed": False}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Kedang"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "crm.identity.factor_forms.AuthenticateForm",
    "reauthenticate": "crm.identity.factor_forms.ReauthenticateForm",
}
AXES_HANDLER = "crm.outbox.brakes.TellingHandler"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "crm.core.request.client_ip"
AXES_VERBOSE = False
KEDANG_PROXY_COUNT = env.PROXY_COUNT
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
KEDANG_SESSION_SECONDS = 12 * 3600  # absolute, whatever the person does (SEC-23)
KEDANG_IDLE = 30 * 60
KEDANG_IDLE_SHORT = 15 * 60  # the three administrators and finance
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "crm.core.pages.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- history, set before the first migration
SIMPLE_HISTORY_DATE_INDEX = "Composite"
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = True
KNOX_TOKEN_MODEL = "identity.ApiToken"  # noqa: S105  (a model's name)

# --- language and time
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

# --- static
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = VAR_DIR / "files"

# --- API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["crm.identity.api_auth.ClientTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["crm.core.parsers.StrictJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["crm.core.throttles.ClientThrottle"],
    "DEFAULT_THROTTLE_RATES": {"client": "100/second", "anon": "20/minute"},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "crm.core.api.tell_refusal",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "客档 Kedang API",
    "DESCRIPTION": "客户主数据与档案管理系统接口",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "ContactRoleEnum": "customers.choices.ContactRole",
        "MemberRoleEnum": "customers.choices.MemberRole",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=365),
    "TOKEN_PREFIX": "kd_",
    "AUTH_HEADER_PREFIX": "Token",
}

# --- background (D2): messages only wake workers, truth is in PostgreSQL
CELERY_BROKER_URL = env.REDIS_URL or "filesystem://localhost/"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = (
    {
        "visibility_timeout": 900,
        # A worker whose "done" is not taken in time would wait for its next message for ever:
        # it rather waits until Redis answers or hangs up.
        "socket_timeout": None if env.IS_WORKER else 1,
        "socket_connect_timeout": 1,
        "socket_keepalive": True,
        # kombu would wait two seconds before its second try; the sweeper does that better (RF-40)
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
    }
    if env.REDIS_URL
    else {
        "data_folder_in": str(VAR_DIR / "broker" / "queue"),
        "data_folder_out": str(VAR_DIR / "broker" / "queue"),
        "control_folder": str(VAR_DIR / "broker" / "control"),
        "processed_folder": str(VAR_DIR / "broker" / "processed"),
        "store_processed": False,
    }
)
CELERY_RESULT_BACKEND = "disabled://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = TIMETABLE
CELERY_BEAT_SCHEDULER = "crm.heartbeat:Clock"
KEDANG_WEBHOOK_NETWORKS = env.WEBHOOK_NETWORKS
KEDANG_METRICS_NETWORKS = env.METRICS_NETWORKS
KEDANG_CLAMD = env.CLAMD

# --- logs: JSON lines, request id, no personal data (SEC-33)
from crm.core.logs import LOGGING as LOGGING  # noqa: E402
from crm.core.logs import configure as _configure  # noqa: E402

_configure()
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
# The id comes from RequestIdMiddleware, which overwrites whatever a caller sent under that name.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
