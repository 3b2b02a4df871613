"""What no statement may undo: code, birth and home of a customer, and the timeline.

Rules: B-18, B-33, R-10.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION customers_keep_for_life() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '客户档案只能注销,不能删除' USING ERRCODE = 'P0001';
    END IF;
    RAISE EXCEPTION '客户代码、建档时间和所属单位终身不变' USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER customers_customer_kept BEFORE UPDATE ON customers_customer
    FOR EACH ROW
    WHEN ((OLD.code, OLD.created_at, OLD.created_by_id, OLD.organisation_id)
          IS DISTINCT FROM (NEW.code, NEW.created_at, NEW.created_by_id, NEW.organisation_id))
    EXECUTE FUNCTION customers_keep_for_life();
CREATE TRIGGER customers_customer_not_deleted BEFORE DELETE ON customers_customer
    FOR EACH ROW EXECUTE FUNCTION customers_keep_for_life();

CREATE FUNCTION customers_timeline_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '时间线只能追加,不能修改或删除' USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER customers_timeline_append_only BEFORE UPDATE OR DELETE ON customers_timelineentry
    FOR EACH ROW EXECUTE FUNCTION customers_timeline_stays();
CREATE TRIGGER customers_timeline_no_truncate BEFORE TRUNCATE ON customers_timelineentry
    FOR EACH STATEMENT EXECUTE FUNCTION customers_timeline_stays();
"""

BACKWARD = """
DROP TRIGGER customers_timeline_no_truncate ON customers_timelineentry;
DROP TRIGGER customers_timeline_append_only ON customers_timelineentry;
DROP FUNCTION customers_timeline_stays();
DROP TRIGGER customers_customer_not_deleted ON customers_customer;
DROP TRIGGER customers_customer_kept ON customers_customer;
DROP FUNCTION customers_keep_for_life();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
