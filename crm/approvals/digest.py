"""What a signature is bound to: an HMAC over the canonical clear values (D6).

Under the blind-index key with its own prefix, so a digest never equals a blind index. Whoever
reads the database cannot guess a sealed value from it.
"""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from crm.core.sealed import blind_index

_PREFIX = "approvals.digest.v1:"


def digest_of(values: Mapping[str, Any]) -> str:
    """The digest of the clear values of a proposal: the same for the same content in any order.

    Values are texts, numbers, dates, lists and dicts of these; texts are compared in NFC.
    """
    text = json.dumps(
        values, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return blind_index(_PREFIX + unicodedata.normalize("NFC", text))
