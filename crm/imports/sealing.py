"""Class S values of staged rows and typed cells: ciphertext bound to its place (D6)."""

from crm.core.sealed import decrypt, encrypt
from crm.imports.models import ImportBatch


def sealed_text(batch: ImportBatch, number: int, column: str, clear: str) -> str:
    """One class S value of a staged row as ciphertext."""
    return encrypt(clear, aad=_aad(batch, number, column))


def clear_text(batch: ImportBatch, number: int, column: str, stored: str) -> str:
    """The same value in clear, for the commit. Raises SealBroken."""
    return decrypt(stored, aad=_aad(batch, number, column))


def _aad(batch: ImportBatch, number: int, column: str) -> bytes:
    return f"imports.{column}.{number}.{batch.seal_id}".encode()
