"""The sentences of triggers get the full-width comma that Chinese is written with."""

from django.db import migrations

SENTENCES = [
    "所属总部须是本单位登记的总部,简称须与总部一致",
    "该总部已有分支机构,不能改变类别或简称",
]
REPLACE = """
DO $$
DECLARE
    made text;
BEGIN
    FOR made IN
        SELECT pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND strpos(prosrc, '{old}') > 0
    LOOP
        EXECUTE replace(made, '{old}', '{new}');
    END LOOP;
END $$
"""


def _replace(text):
    full = text.replace(",", "，")
    return migrations.RunSQL(
        REPLACE.format(old=text, new=full), REPLACE.format(old=full, new=text)
    )


class Migration(migrations.Migration):
    dependencies = [("logistics", "0003_office_that_keeps_a_firm")]
    operations = [_replace(text) for text in SENTENCES]
