"""The door for web servers: `gunicorn crm.wsgi`."""

from django.core.wsgi import get_wsgi_application

from crm.launch import prepare

prepare("app")
application = get_wsgi_application()
