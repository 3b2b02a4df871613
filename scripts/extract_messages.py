"""Keep locale/en complete: every text marked for gettext in Python and templates has an entry.

`python scripts/extract_messages.py` writes, `--check` only judges: exit 1 when an entry is
missing, left over, fuzzy, without translation, or loses a placeholder. Existing translations
are kept. Source text is Chinese (D5), so locale/zh_Hans holds only what libraries lack and is
written by hand; here it is just judged. No GNU tool is needed.
"""

import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from babel.messages.extract import extract
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "locale"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
OUTSIDE = {"tests", "migrations", "node_modules", "scripts", "bench", "docs", "var", "static"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sdif]|%[sdif]|\{\w*\}")
HEADER = {
    "Project-Id-Version": "Kedang",
    "Language": "en",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}


@dataclass(frozen=True, slots=True)
class Message:
    context: str | None
    text: str
    plural: str

    @property
    def key(self) -> tuple[str | None, str]:
        """What gettext looks it up by."""
        return self.context, self.text


def main(words: list[str]) -> int:
    """Write the catalogue, or judge it."""
    if not settings.configured:  # templatize asks for little, but it asks
        settings.configure(USE_I18N=True)
    found = find_messages()
    if words == ["--check"]:
        return tell(judge(found))
    path = catalogue("en")
    path.parent.mkdir(parents=True, exist_ok=True)
    old = polib.pofile(str(path)) if path.exists() else polib.POFile()
    new = merge(found, old)
    new.save(str(path))
    empty = len(new.untranslated_entries())
    sys.stdout.write(f"{path.relative_to(ROOT)}: {len(new)} texts, {empty} without translation\n")
    return 0


def catalogue(language: str) -> Path:
    """Where a language's texts stand."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


# --- finding


def find_messages() -> dict[Message, list[str]]:
    """Every marked text with the files it stands in, in the order of the files."""
    found: dict[Message, list[str]] = {}
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        for message in messages_of(path):
            files = found.setdefault(message, [])
            if name not in files:
                files.append(name)
    return found


def sources() -> Iterator[Path]:
    """Our own Python and templates."""
    for pattern in ("*.py", "*.html", "*.txt"):
        for path in sorted(ROOT.rglob(pattern)):
            parts = path.relative_to(ROOT).parts[:-1]
            if not parts or parts[0].startswith(".") or OUTSIDE.intersection(parts):
                continue
            if path.suffix == ".py" or "templates" in parts:
                yield path


def messages_of(path: Path) -> Iterator[Message]:
    """The marked texts of one file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Django turns tags into calls and leaves the page's indentation, which is no Python.
        lines = templatize(text, origin=str(path)).splitlines()
        text = "\n".join(line.strip() for line in lines)
    file = io.BytesIO(text.encode())
    for _line, words, _comments, context in extract("python", file, keywords=KEYWORDS):
        singular, plural = words[:2] if isinstance(words, tuple) else (words, "")
        if singular:
            yield Message(context, singular, plural or "")


# --- writing


def merge(found: dict[Message, list[str]], old: polib.POFile) -> polib.POFile:
    """The catalogue as it should be: old translations, new entries empty, dead ones gone."""
    known = {(entry.msgctxt, entry.msgid): entry for entry in old if not entry.obsolete}
    new = polib.POFile(wrapwidth=100)
    new.metadata = HEADER | {k: v for k, v in old.metadata.items() if k in HEADER}
    for message, files in found.items():
        entry = polib.POEntry(
            msgid=message.text,
            msgctxt=message.context,
            msgid_plural=message.plural,
            occurrences=[(file, "") for file in files],
            flags=["python-format"] if "%(" in message.text or "%s" in message.text else [],
        )
        keep(entry, known.get(message.key))
        new.append(entry)
    return new


def keep(entry: polib.POEntry, old: polib.POEntry | None) -> None:
    """Carry over what a translator wrote."""
    if entry.msgid_plural:
        plural = old.msgstr_plural if old and old.msgid_plural else {}
        entry.msgstr_plural = {0: plural.get(0, ""), 1: plural.get(1, "")}
    elif old:
        entry.msgstr = old.msgstr
    if old:
        entry.tcomment = old.tcomment
        entry.flags += [flag for flag in old.flags if flag == "fuzzy"]


# --- judging


def judge(found: dict[Message, list[str]]) -> list[str]:
    """Everything that is wrong with the catalogues, one line each."""
    if not catalogue("en").exists():
        return ["locale/en does not exist"]
    english = polib.pofile(str(catalogue("en")))
    known = {(entry.msgctxt, entry.msgid): entry for entry in english if not entry.obsolete}
    wanted = {message.key: message for message in found}
    faults = [f"missing: {text}" for context, text in wanted if (context, text) not in known]
    faults += [f"left over: {entry.msgid}" for entry in english if entry.obsolete]
    faults += [f"left over: {text}" for context, text in known if (context, text) not in wanted]
    for entry in (*known.values(), *polib.pofile(str(catalogue("zh_Hans")))):
        faults += faults_of(entry)
    return faults


def faults_of(entry: polib.POEntry) -> Iterator[str]:
    """What is wrong with one translation."""
    if entry.fuzzy:
        yield f"fuzzy: {entry.msgid}"
    texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    if not all(texts):
        yield f"no translation: {entry.msgid}"
        return
    # A plural sentence may leave the number out of the singular.
    allowed = set(PLACEHOLDER.findall(entry.msgid + entry.msgid_plural))
    for text in texts:
        given = set(PLACEHOLDER.findall(text))
        if given - allowed or (allowed - given and not entry.msgid_plural):
            yield f"placeholders differ: {entry.msgid} → {text}"


def tell(faults: list[str]) -> int:
    """Say what is wrong and how it is mended."""
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    if faults:
        sys.stderr.write(
            f"{len(faults)} faults in the catalogues: run `make messages`, then translate "
            "the empty entries of locale/en/LC_MESSAGES/django.po.\n"
        )
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
