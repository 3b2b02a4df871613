"""As `make run`, in a database of its own, with a throttle that counts and never bites."""

from crm.settings.dev import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
REST_FRAMEWORK = {
    **REST_FRAMEWORK,  # noqa: F405
    "DEFAULT_THROTTLE_RATES": {"client": "1000000/second", "anon": "1000000/second"},
}
# Tasks go nowhere: a worker of the real site must not be woken for our rows.
CELERY_BROKER_URL = "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
CACHES = {
    name: {**options, "KEY_PREFIX": f"bench-{name}"}
    for name, options in CACHES.items()  # noqa: F405
}
KEDANG_DEMO = False
