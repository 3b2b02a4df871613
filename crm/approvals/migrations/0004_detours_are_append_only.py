"""Whose step it was is history: only added, never changed. Binds every role."""

from django.db import migrations

REFUSE = """
CREATE TRIGGER approvals_detour_append_only BEFORE UPDATE OR DELETE ON approvals_detour
    FOR EACH ROW EXECUTE FUNCTION approvals_refuse_change();
CREATE TRIGGER approvals_detour_no_truncate BEFORE TRUNCATE ON approvals_detour
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_refuse_change();
"""
ALLOW = """
DROP TRIGGER approvals_detour_no_truncate ON approvals_detour;
DROP TRIGGER approvals_detour_append_only ON approvals_detour;
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0003_a_step_goes_to_the_next_leader")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
