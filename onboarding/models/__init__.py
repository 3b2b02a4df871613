from onboarding.models.progress import EntryProof, InboundMessage, NoticeRecord, Tick
from onboarding.models.registration import RegistrationForm, RegistrationFormQuerySet
from onboarding.models.transfer import TransferForm

__all__ = [
    "EntryProof",
    "InboundMessage",
    "NoticeRecord",
    "RegistrationForm",
    "RegistrationFormQuerySet",
    "Tick",
    "TransferForm",
]
