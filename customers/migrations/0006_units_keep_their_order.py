"""What no CHECK can say of units, members and relations, since it looks across rows.

Every writer of a tree holds the organisation's lock `customers_lock_units` until he commits, so two
who write at once see each other (R-43). Rules: B-36, B-38, R-40, R-43.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION customers_lock_units(organisation bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4043, organisation::int);
END $$;

CREATE FUNCTION customers_unit_rank(layer text) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE layer WHEN 'group' THEN 1 WHEN 'province' THEN 2 WHEN 'city' THEN 3 END
$$;

CREATE FUNCTION customers_unit_link_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    child_rank int;
    parent_rank int;
    is_layered boolean;
    has_cycle boolean;
    longest int;
BEGIN
    PERFORM customers_lock_units(NEW.organisation_id);
    IF EXISTS (SELECT 1 FROM customers_customer
               WHERE id IN (NEW.child_id, NEW.parent_id)
                 AND organisation_id <> NEW.organisation_id) THEN
        RAISE EXCEPTION '上级单位和下属单位须是同一单位建档的客户' USING ERRCODE = 'P0001';
    END IF;
    SELECT profile = 'repair' INTO is_layered
        FROM identity_department WHERE id = NEW.organisation_id;
    SELECT customers_unit_rank(unit_layer) INTO child_rank
        FROM customers_repairprofile WHERE customer_id = NEW.child_id;
    SELECT customers_unit_rank(unit_layer) INTO parent_rank
        FROM customers_repairprofile WHERE customer_id = NEW.parent_id;
    IF is_layered AND (child_rank IS NULL OR parent_rank IS NULL) THEN
        RAISE EXCEPTION '请先在基本信息中填写双方的单位层级' USING ERRCODE = 'P0001';
    END IF;
    IF child_rank <= parent_rank THEN
        RAISE EXCEPTION '下属单位的层级须低于上级单位' USING ERRCODE = 'P0001';
    END IF;
    WITH RECURSIVE up(unit, days, step) AS (
        SELECT NEW.parent_id, daterange(NEW.starts_on, NEW.ends_on), 1
        UNION
        SELECT l.parent_id, up.days * daterange(l.starts_on, l.ends_on), up.step + 1
        FROM up JOIN customers_unitlink l
          ON l.child_id = up.unit AND daterange(l.starts_on, l.ends_on) && up.days
        WHERE up.step < 4
    ), down(unit, days, step) AS (
        SELECT NEW.child_id, daterange(NEW.starts_on, NEW.ends_on), 0
        UNION
        SELECT l.child_id, down.days * daterange(l.starts_on, l.ends_on), down.step + 1
        FROM down JOIN customers_unitlink l
          ON l.parent_id = down.unit AND daterange(l.starts_on, l.ends_on) && down.days
        WHERE down.step < 4
    )
    SELECT bool_or(up.unit = NEW.child_id), max(up.step + down.step + 1)
        INTO has_cycle, longest
        FROM up JOIN down ON up.days && down.days;
    IF has_cycle THEN
        RAISE EXCEPTION '上级单位不能是本单位的下属单位' USING ERRCODE = 'P0001';
    END IF;
    IF longest > 3 THEN
        RAISE EXCEPTION '单位最多分集团、省、地市三层' USING ERRCODE = 'P0001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_unitlink_fits_new AFTER INSERT ON customers_unitlink
    FOR EACH ROW EXECUTE FUNCTION customers_unit_link_fits();
CREATE TRIGGER customers_unitlink_fits AFTER UPDATE ON customers_unitlink
    FOR EACH ROW
    WHEN ((OLD.child_id, OLD.parent_id, OLD.starts_on, OLD.organisation_id)
          IS DISTINCT FROM (NEW.child_id, NEW.parent_id, NEW.starts_on, NEW.organisation_id)
          OR NEW.ends_on IS NULL OR NEW.ends_on > OLD.ends_on)
    EXECUTE FUNCTION customers_unit_link_fits();

CREATE FUNCTION customers_unit_layer_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    home bigint;
BEGIN
    SELECT organisation_id INTO home FROM customers_customer WHERE id = NEW.customer_id;
    PERFORM customers_lock_units(home);
    IF EXISTS (
        SELECT 1 FROM customers_unitlink l
        LEFT JOIN customers_repairprofile c ON c.customer_id = l.child_id
        LEFT JOIN customers_repairprofile p ON p.customer_id = l.parent_id
        WHERE (l.child_id = NEW.customer_id OR l.parent_id = NEW.customer_id)
          AND (l.ends_on IS NULL OR (l.ends_on > l.starts_on
               AND l.ends_on > (now() AT TIME ZONE 'Asia/Shanghai')::date))
          AND coalesce(customers_unit_rank(c.unit_layer) <= customers_unit_rank(p.unit_layer), true)
    ) THEN
        RAISE EXCEPTION '该层级与上级或下属单位的层级不符，请先调整隶属关系' USING ERRCODE = 'P0001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_repairprofile_layer_fits AFTER UPDATE ON customers_repairprofile
    FOR EACH ROW WHEN (OLD.unit_layer IS DISTINCT FROM NEW.unit_layer)
    EXECUTE FUNCTION customers_unit_layer_fits();

CREATE FUNCTION customers_membership_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM customers_customer
                   WHERE id = NEW.group_id AND organisation_id = NEW.organisation_id
                     AND customer_kind = 'org') THEN
        RAISE EXCEPTION '集团须是本单位建档的单位客户' USING ERRCODE = 'P0001';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM customers_customer
                   WHERE id = NEW.member_id AND organisation_id = NEW.organisation_id
                     AND customer_kind <> 'org') THEN
        RAISE EXCEPTION '成员须是本单位建档的个人、家庭或零售户；单位请登记为下属单位'
            USING ERRCODE = 'P0001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_membership_fits BEFORE INSERT OR UPDATE ON customers_membership
    FOR EACH ROW EXECUTE FUNCTION customers_membership_fits();

CREATE FUNCTION customers_relation_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(DISTINCT c.organisation_id)
        FROM customers_contact p JOIN customers_customer c ON c.id = p.customer_id
        WHERE p.id IN (NEW.person_id, NEW.other_id)) <> 1 THEN
        RAISE EXCEPTION '两人须在同一单位建档的客户中' USING ERRCODE = 'P0001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_relation_fits BEFORE INSERT OR UPDATE ON customers_contactrelation
    FOR EACH ROW EXECUTE FUNCTION customers_relation_fits();
"""

BACKWARD = """
DROP TRIGGER customers_relation_fits ON customers_contactrelation;
DROP FUNCTION customers_relation_fits();
DROP TRIGGER customers_membership_fits ON customers_membership;
DROP FUNCTION customers_membership_fits();
DROP TRIGGER customers_repairprofile_layer_fits ON customers_repairprofile;
DROP FUNCTION customers_unit_layer_fits();
DROP TRIGGER customers_unitlink_fits ON customers_unitlink;
DROP TRIGGER customers_unitlink_fits_new ON customers_unitlink;
DROP FUNCTION customers_unit_link_fits();
DROP FUNCTION customers_unit_rank(text);
DROP FUNCTION customers_lock_units(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_units_groups_relations")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
