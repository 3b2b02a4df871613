"""The access log is append-only for every role; running numbers come from sequences."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '访问日志只能追加,不能修改或删除' USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER core_accesslog_append_only BEFORE UPDATE OR DELETE ON core_accesslog
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER core_accesslog_no_truncate BEFORE TRUNCATE ON core_accesslog
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
ALLOW = """
DROP TRIGGER core_accesslog_no_truncate ON core_accesslog;
DROP TRIGGER core_accesslog_append_only ON core_accesslog;
DROP FUNCTION core_refuse_change();
"""
SERIES = ("customer", "registration", "transfer", "case", "conflict")


class Migration(migrations.Migration):
    dependencies = [("core", "0002_initial")]

    operations = [
        migrations.RunSQL(REFUSE, ALLOW),
        *(
            migrations.RunSQL(
                f"CREATE SEQUENCE number_{name} AS bigint", f"DROP SEQUENCE number_{name}"
            )
            for name in SERIES
        ),
    ]
