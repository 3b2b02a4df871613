"""Signatures and rounds are append-only; a published route never changes. Binds every role."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION approvals_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '审批意见和提交内容只能追加,不能修改或删除' USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER approvals_decision_append_only BEFORE UPDATE OR DELETE ON approvals_decision
    FOR EACH ROW EXECUTE FUNCTION approvals_refuse_change();
CREATE TRIGGER approvals_decision_no_truncate BEFORE TRUNCATE ON approvals_decision
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_refuse_change();
CREATE TRIGGER approvals_round_append_only BEFORE UPDATE OR DELETE ON approvals_round
    FOR EACH ROW EXECUTE FUNCTION approvals_refuse_change();
CREATE TRIGGER approvals_round_no_truncate BEFORE TRUNCATE ON approvals_round
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_refuse_change();
"""
ALLOW = """
DROP TRIGGER approvals_round_no_truncate ON approvals_round;
DROP TRIGGER approvals_round_append_only ON approvals_round;
DROP TRIGGER approvals_decision_no_truncate ON approvals_decision;
DROP TRIGGER approvals_decision_append_only ON approvals_decision;
DROP FUNCTION approvals_refuse_change();
"""
FREEZE = """
CREATE FUNCTION approvals_route_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NULL THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'is_live' = to_jsonb(OLD) - 'is_live' THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION '已发布的流程版本不能修改,请建立新草稿' USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER approvals_route_frozen BEFORE UPDATE OR DELETE ON approvals_route
    FOR EACH ROW EXECUTE FUNCTION approvals_route_frozen();

CREATE FUNCTION approvals_routestep_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[] := ARRAY[]::bigint[];
BEGIN
    IF TG_OP <> 'INSERT' THEN touched := touched || OLD.route_id; END IF;
    IF TG_OP <> 'DELETE' THEN touched := touched || NEW.route_id; END IF;
    IF EXISTS (
        SELECT 1 FROM approvals_route WHERE id = ANY (touched) AND published_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION '已发布的流程版本不能修改,请建立新草稿' USING ERRCODE = 'P0001';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_routestep_frozen BEFORE INSERT OR UPDATE OR DELETE ON approvals_routestep
    FOR EACH ROW EXECUTE FUNCTION approvals_routestep_frozen();
"""
THAW = """
DROP TRIGGER approvals_routestep_frozen ON approvals_routestep;
DROP FUNCTION approvals_routestep_frozen();
DROP TRIGGER approvals_route_frozen ON approvals_route;
DROP FUNCTION approvals_route_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, ALLOW),
        migrations.RunSQL(FREEZE, THAW),
    ]
