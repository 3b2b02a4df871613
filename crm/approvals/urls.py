from django.urls import path

from crm.approvals import views

app_name = "approvals"
urlpatterns = [
    path("", views.QueueView.as_view(), name="queue"),
    path("decided/", views.DecidedView.as_view(), name="decided"),
    path("started/", views.StartedView.as_view(), name="started"),
    path("copied/", views.CopiedView.as_view(), name="copied"),
    path("steps/<int:pk>/", views.StepView.as_view(), name="step"),
    path("cases/<str:number>/", views.CaseView.as_view(), name="case"),
    path("cases/<str:number>/remind/", views.RemindView.as_view(), name="case-remind"),
    path("phrases/", views.PhrasesView.as_view(), name="phrases"),
    path("phrases/<int:pk>/drop/", views.DropPhraseView.as_view(), name="phrase-drop"),
]
