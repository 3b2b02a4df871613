from django.urls import path

from onboarding.views import decisions, exports, prints, sheets

app_name = "onboarding"
urlpatterns = [
    path("", sheets.FormListView.as_view(), name="list"),
    path("export/", exports.FormExportView.as_view(), name="export"),
    path("start/", sheets.StartView.as_view(), name="start"),
    path("steps/<int:pk>/sign/", decisions.SignView.as_view(), name="sign"),
    path("<str:number>/", sheets.FormDetailView.as_view(), name="form"),
    path("<str:number>/monopoly/", sheets.MonopolyView.as_view(), name="monopoly"),
    path("<str:number>/submit/", sheets.SubmitView.as_view(), name="submit"),
    path("<str:number>/withdraw/", decisions.WithdrawView.as_view(), name="withdraw"),
    path("<str:number>/licence/", decisions.LicenceView.as_view(), name="licence"),
    path(
        "<str:number>/refuse-licence/", decisions.RefuseLicenceView.as_view(), name="refuse-licence"
    ),
    path("<str:number>/manager/", decisions.ManagerView.as_view(), name="manager"),
    path("<str:number>/notice/", decisions.NoticeView.as_view(), name="notice"),
    path("<str:number>/sales/", sheets.SalesView.as_view(), name="sales"),
    path("<str:number>/delivery/", sheets.DeliveryView.as_view(), name="delivery"),
    path("<str:number>/binding/", sheets.BindingView.as_view(), name="binding"),
    path(
        "<str:number>/binding/confirm/", sheets.ConfirmAccountView.as_view(), name="confirm-account"
    ),
    path("<str:number>/ticks/<slug:task>/", sheets.TickView.as_view(), name="tick"),
    path("<str:number>/enter/", sheets.EnterView.as_view(), name="enter"),
    path("<str:number>/enter/finish/", sheets.FinishEntryView.as_view(), name="finish-entry"),
    path("<str:number>/transfer/", sheets.TransferView.as_view(), name="transfer"),
    path("<str:number>/activate/", sheets.ActivateView.as_view(), name="activate"),
    path("<str:number>/print/", prints.RegistrationPrintView.as_view(), name="print"),
    path("<str:number>/print/transfer/", prints.TransferPrintView.as_view(), name="print-transfer"),
]
