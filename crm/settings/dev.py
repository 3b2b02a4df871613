"""`make run`: DEBUG stays off, keys lie under var/, static files are found where they stand."""

from crm.settings import env
from crm.settings.base import *

DEBUG = False
SECRET_KEY = env.require("SECRET_KEY", env.SECRET_KEY)
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver", *env.ALLOWED_HOSTS]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
