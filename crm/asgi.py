"""The door for asynchronous web servers."""

from django.core.asgi import get_asgi_application

from crm.launch import prepare

prepare("app")
application = get_asgi_application()
