"""What no statement may break about users, accounts, payments, checks and free attributes.

A user stands on a live customer and a live account of his; an account outlives its users, a
customer outlives both (B-17). Every check of the other side locks its row in share mode, so the
last user and the closing of his account cannot pass each other. Rules: B-10, B-17, B-18, B-26, B-55.
"""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE number_account AS bigint;
CREATE SEQUENCE number_subscription AS bigint;

CREATE FUNCTION customers_account_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owner text;
BEGIN
    IF NEW.status = 'cancelled' THEN
        IF EXISTS (SELECT 1 FROM customers_subscription
                   WHERE account_id = NEW.id AND status <> 'cancelled') THEN
            RAISE EXCEPTION '帐户名下还有在用的用户，不能注销' USING ERRCODE = 'P0001';
        END IF;
        IF EXISTS (SELECT 1 FROM customers_paylink
                   WHERE account_id = NEW.id AND ends_on IS NULL) THEN
            RAISE EXCEPTION '帐户还在为用户付费，不能注销' USING ERRCODE = 'P0001';
        END IF;
        RETURN NEW;
    END IF;
    SELECT status INTO owner FROM customers_customer WHERE id = NEW.customer_id FOR SHARE;
    IF owner = 'cancelled' THEN
        RAISE EXCEPTION '客户已注销，不能再有在用的帐户' USING ERRCODE = 'P0001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_account_stands_new BEFORE INSERT ON customers_billingaccount
    FOR EACH ROW EXECUTE FUNCTION customers_account_stands();
CREATE TRIGGER customers_account_stands BEFORE UPDATE ON customers_billingaccount
    FOR EACH ROW WHEN ((OLD.status, OLD.customer_id) IS DISTINCT FROM (NEW.status, NEW.customer_id))
    EXECUTE FUNCTION customers_account_stands();

CREATE FUNCTION customers_user_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owner text; payer text; payer_of bigint;
BEGIN
    IF NEW.status = 'cancelled' THEN
        IF EXISTS (SELECT 1 FROM customers_paylink
                   WHERE subscription_id = NEW.id AND ends_on IS NULL) THEN
            RAISE EXCEPTION '用户还有生效的付费关系，请先结束' USING ERRCODE = 'P0001';
        END IF;
        RETURN NEW;
    END IF;
    SELECT status INTO owner FROM customers_customer WHERE id = NEW.customer_id FOR SHARE;
    IF owner = 'cancelled' THEN
        RAISE EXCEPTION '客户已注销，不能再有在用的用户' USING ERRCODE = 'P0001';
    END IF;
    SELECT status, customer_id INTO payer, payer_of
        FROM customers_billingaccount WHERE id = NEW.account_id FOR SHARE;
    IF payer = 'cancelled' THEN
        RAISE EXCEPTION '帐户已注销，不能为用户付费' USING ERRCODE = 'P0001';
    END IF;
    IF payer_of <> NEW.customer_id THEN
        RAISE EXCEPTION '默认付费帐户须是该客户自己的帐户' USING ERRCODE = 'P0001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_user_stands_new BEFORE INSERT ON customers_subscription
    FOR EACH ROW EXECUTE FUNCTION customers_user_stands();
CREATE TRIGGER customers_user_stands BEFORE UPDATE ON customers_subscription
    FOR EACH ROW WHEN ((OLD.status, OLD.customer_id, OLD.account_id)
                       IS DISTINCT FROM (NEW.status, NEW.customer_id, NEW.account_id))
    EXECUTE FUNCTION customers_user_stands();

CREATE FUNCTION customers_customer_is_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM customers_subscription
               WHERE customer_id = NEW.id AND status <> 'cancelled') THEN
        RAISE EXCEPTION '客户名下还有在用的用户，不能注销' USING ERRCODE = 'P0001';
    END IF;
    IF EXISTS (SELECT 1 FROM customers_billingaccount
               WHERE customer_id = NEW.id AND status <> 'cancelled') THEN
        RAISE EXCEPTION '客户名下还有在用的帐户，不能注销' USING ERRCODE = 'P0001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_customer_empty BEFORE UPDATE ON customers_customer
    FOR EACH ROW WHEN (NEW.status = 'cancelled' AND OLD.status <> 'cancelled')
    EXECUTE FUNCTION customers_customer_is_empty();

CREATE FUNCTION customers_paylink_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE paid text; paid_in bigint; payer text; payer_in bigint;
BEGIN
    SELECT s.status, c.organisation_id INTO paid, paid_in FROM customers_subscription s
        JOIN customers_customer c ON c.id = s.customer_id
        WHERE s.id = NEW.subscription_id FOR NO KEY UPDATE OF s;
    IF NEW.ends_on IS NOT NULL THEN
        RETURN NEW;
    END IF;
    IF paid = 'cancelled' THEN
        RAISE EXCEPTION '用户已销户，不能再付费' USING ERRCODE = 'P0001';
    END IF;
    SELECT a.status, c.organisation_id INTO payer, payer_in FROM customers_billingaccount a
        JOIN customers_customer c ON c.id = a.customer_id
        WHERE a.id = NEW.account_id FOR SHARE OF a;
    IF payer = 'cancelled' THEN
        RAISE EXCEPTION '帐户已注销，不能为用户付费' USING ERRCODE = 'P0001';
    END IF;
    IF payer_in <> paid_in THEN
        RAISE EXCEPTION '付费帐户须属于同一单位' USING ERRCODE = 'P0001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_paylink_stands BEFORE INSERT OR UPDATE ON customers_paylink
    FOR EACH ROW EXECUTE FUNCTION customers_paylink_stands();

CREATE FUNCTION customers_paylink_hundred() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total bigint;
BEGIN
    SELECT sum(share) INTO total FROM customers_paylink
        WHERE subscription_id = NEW.subscription_id AND charge_kind = NEW.charge_kind
          AND rank = NEW.rank AND ends_on IS NULL;
    IF total <> 100 THEN
        RAISE EXCEPTION '同一费用、同一优先级的付费比例合计应为 100，现为 %', total
            USING ERRCODE = 'P0001';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER customers_paylink_hundred AFTER INSERT OR UPDATE ON customers_paylink
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION customers_paylink_hundred();

CREATE FUNCTION customers_only_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '记录只能停用或注销,不能删除' USING ERRCODE = 'P0001';
    END IF;
    RAISE EXCEPTION '号码由系统生成,终身不变' USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER customers_account_not_deleted BEFORE DELETE ON customers_billingaccount
    FOR EACH ROW EXECUTE FUNCTION customers_only_ended();
CREATE TRIGGER customers_account_number BEFORE UPDATE ON customers_billingaccount
    FOR EACH ROW WHEN (OLD.number <> NEW.number) EXECUTE FUNCTION customers_only_ended();
CREATE TRIGGER customers_user_not_deleted BEFORE DELETE ON customers_subscription
    FOR EACH ROW EXECUTE FUNCTION customers_only_ended();
CREATE TRIGGER customers_user_number BEFORE UPDATE ON customers_subscription
    FOR EACH ROW WHEN (OLD.number <> NEW.number) EXECUTE FUNCTION customers_only_ended();
CREATE TRIGGER customers_certificate_not_deleted BEFORE DELETE ON customers_certificate
    FOR EACH ROW EXECUTE FUNCTION customers_only_ended();
CREATE TRIGGER customers_listentry_not_deleted BEFORE DELETE ON customers_listentry
    FOR EACH ROW EXECUTE FUNCTION customers_only_ended();

CREATE FUNCTION customers_checks_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '核验记录只能追加,不能修改或删除' USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER customers_check_append_only BEFORE UPDATE OR DELETE ON customers_certificatecheck
    FOR EACH ROW EXECUTE FUNCTION customers_checks_stay();
CREATE TRIGGER customers_check_no_truncate BEFORE TRUNCATE ON customers_certificatecheck
    FOR EACH STATEMENT EXECUTE FUNCTION customers_checks_stay();

CREATE FUNCTION customers_attribute_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '扩展属性只能停用,不能删除' USING ERRCODE = 'P0001';
    END IF;
    RAISE EXCEPTION '扩展属性的代码、单位、客户性质、值类型和数据级别不能修改' USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER customers_attribute_fixed BEFORE UPDATE ON customers_attributedefinition
    FOR EACH ROW WHEN ((OLD.code, OLD.organisation_id, OLD.customer_kind, OLD.value_kind,
                        OLD.dictionary, OLD.data_class)
                       IS DISTINCT FROM (NEW.code, NEW.organisation_id, NEW.customer_kind,
                        NEW.value_kind, NEW.dictionary, NEW.data_class))
    EXECUTE FUNCTION customers_attribute_is_fixed();
CREATE TRIGGER customers_attribute_not_deleted BEFORE DELETE ON customers_attributedefinition
    FOR EACH ROW EXECUTE FUNCTION customers_attribute_is_fixed();

CREATE FUNCTION customers_is_day(typed text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN typed ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' AND typed::date IS NOT NULL;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
    RETURN false;
END $$;
CREATE FUNCTION customers_attributes_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE item record; rule record; typed text; fits boolean;
BEGIN
    IF jsonb_typeof(NEW.content) <> 'object' THEN
        RAISE EXCEPTION '扩展属性的格式不对' USING ERRCODE = 'P0001';
    END IF;
    FOR item IN SELECT key, value FROM jsonb_each(NEW.content) LOOP
        CONTINUE WHEN TG_OP = 'UPDATE' AND OLD.content -> item.key = item.value;
        SELECT d.value_kind, d.label, d.dictionary, d.organisation_id INTO rule
            FROM customers_attributedefinition d
            JOIN customers_customer c ON c.organisation_id = d.organisation_id
            WHERE c.id = NEW.customer_id AND d.code = item.key
              AND d.customer_kind IN ('', c.customer_kind);
        IF NOT FOUND THEN
            RAISE EXCEPTION '没有定义扩展属性：%', item.key USING ERRCODE = 'P0001';
        END IF;
        typed := item.value #>> '{}';
        fits := CASE rule.value_kind
            WHEN 'number' THEN jsonb_typeof(item.value) = 'number'
            WHEN 'yes_no' THEN jsonb_typeof(item.value) = 'boolean'
            WHEN 'date' THEN jsonb_typeof(item.value) = 'string' AND customers_is_day(typed)
            WHEN 'choice' THEN jsonb_typeof(item.value) = 'string' AND EXISTS (
                SELECT 1 FROM core_dictentry e WHERE e.kind = rule.dictionary
                AND e.organisation_id IN (0, rule.organisation_id) AND e.code = typed)
            ELSE jsonb_typeof(item.value) = 'string' AND typed <> '' END;
        IF NOT fits THEN
            RAISE EXCEPTION '扩展属性“%”的值与定义不符', rule.label USING ERRCODE = 'P0001';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_attributes_fit BEFORE INSERT OR UPDATE ON customers_customerattributes
    FOR EACH ROW EXECUTE FUNCTION customers_attributes_fit();
"""

BACKWARD = """
DROP TRIGGER customers_attributes_fit ON customers_customerattributes;
DROP FUNCTION customers_attributes_fit();
DROP FUNCTION customers_is_day(text);
DROP TRIGGER customers_attribute_not_deleted ON customers_attributedefinition;
DROP TRIGGER customers_attribute_fixed ON customers_attributedefinition;
DROP FUNCTION customers_attribute_is_fixed();
DROP TRIGGER customers_check_no_truncate ON customers_certificatecheck;
DROP TRIGGER customers_check_append_only ON customers_certificatecheck;
DROP FUNCTION customers_checks_stay();
DROP TRIGGER customers_listentry_not_deleted ON customers_listentry;
DROP TRIGGER customers_certificate_not_deleted ON customers_certificate;
DROP TRIGGER customers_user_number ON customers_subscription;
DROP TRIGGER customers_user_not_deleted ON customers_subscription;
DROP TRIGGER customers_account_number ON customers_billingaccount;
DROP TRIGGER customers_account_not_deleted ON customers_billingaccount;
DROP FUNCTION customers_only_ended();
DROP TRIGGER customers_paylink_hundred ON customers_paylink;
DROP FUNCTION customers_paylink_hundred();
DROP TRIGGER customers_paylink_stands ON customers_paylink;
DROP FUNCTION customers_paylink_stands();
DROP TRIGGER customers_customer_empty ON customers_customer;
DROP FUNCTION customers_customer_is_empty();
DROP TRIGGER customers_user_stands ON customers_subscription;
DROP TRIGGER customers_user_stands_new ON customers_subscription;
DROP FUNCTION customers_user_stands();
DROP TRIGGER customers_account_stands ON customers_billingaccount;
DROP TRIGGER customers_account_stands_new ON customers_billingaccount;
DROP FUNCTION customers_account_stands();
DROP SEQUENCE number_subscription;
DROP SEQUENCE number_account;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_services_certificates_lists_attributes")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
