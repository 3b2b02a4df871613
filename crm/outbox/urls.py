from django.urls import path

from crm.outbox import views

app_name = "outbox"
urlpatterns = [
    path("", views.InboxView.as_view(), name="inbox"),
    path("unread/", views.UnreadView.as_view(), name="unread"),
    path("read-all/", views.ReadAllView.as_view(), name="read-all"),
    path("<int:pk>/open/", views.OpenNoticeView.as_view(), name="notice-open"),
]
