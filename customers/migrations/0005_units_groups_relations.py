"""Units, members of groups, relations of key persons (R-40, B-37, B-38)."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.comparison
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0004_services_stand_on_live_ground'),
        ('identity', '0003_one_token_table'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='timelineentry',
            name='kind',
            field=models.CharField(choices=[('registered', '建立档案'), ('changed', '修改资料'), ('contact_added', '新增联系人'), ('contact_changed', '修改联系人'), ('contact_ended', '停用联系人'), ('manager_changed', '客户经理变更'), ('status_changed', '状态变更'), ('activated', '启用'), ('binding_requested', '申请绑定扣款账户'), ('binding_bound', '扣款账户已绑定'), ('binding_failed', '扣款账户绑定失败'), ('binding_closed', '扣款账户已解除'), ('form_opened', '发起表单'), ('form_moved', '表单流转'), ('form_returned', '表单退回'), ('form_approved', '表单通过'), ('form_withdrawn', '表单撤回'), ('form_closed', '表单办结'), ('licence', '许可证'), ('notice', '通知'), ('entered', '资料录入'), ('reported', '上报订单中心'), ('receipt', '外部回执'), ('filed', '归档'), ('shared', '授权共享'), ('conflict', '归属冲突'), ('unit_linked', '纳入上级单位'), ('unit_moved', '调整上级单位'), ('unit_ended', '解除上级单位'), ('units_changed', '下属单位变动'), ('group_entered', '加入集团'), ('group_changed', '修改集团成员'), ('group_left', '退出集团'), ('members_changed', '集团成员变动'), ('related', '记录人员关系'), ('unrelated', '解除人员关系')], max_length=20, verbose_name='事件'),
        ),
        migrations.CreateModel(
            name='GroupCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.PositiveIntegerField(default=0, verbose_name='下属单位')),
                ('members', models.PositiveIntegerField(default=0, verbose_name='成员')),
                ('key_members', models.PositiveIntegerField(default=0, verbose_name='关键成员')),
                ('group_paid', models.PositiveIntegerField(default=0, verbose_name='集团统付')),
                ('counted_on', models.DateField(verbose_name='统计日')),
                ('group', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='group_count', to='customers.customer', verbose_name='集团客户')),
            ],
            options={
                'verbose_name': '集团汇总',
                'verbose_name_plural': '集团汇总',
            },
        ),
        migrations.CreateModel(
            name='ContactRelation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('field_marks', models.JSONField(default=dict, editable=False, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('kind', models.CharField(choices=[('superior', '上级'), ('colleague', '同事'), ('relative', '亲属'), ('classmate', '同学'), ('friend', '朋友'), ('introduced', '引荐人')], max_length=10, verbose_name='关系')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('is_live', models.BooleanField(default=True, verbose_name='在用')),
                ('other', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='relations_from', to='customers.contact', verbose_name='对方')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='relations', to='customers.contact', verbose_name='人员')),
            ],
            options={
                'verbose_name': '人员关系',
                'verbose_name_plural': '人员关系',
                'constraints': [models.UniqueConstraint(django.db.models.functions.comparison.Least('person', 'other'), django.db.models.functions.comparison.Greatest('person', 'other'), models.F('kind'), condition=models.Q(('is_live', True)), name='customers_relation_once', violation_error_message='这两人之间已有同样的关系'), models.CheckConstraint(condition=models.Q(('person', models.F('other')), _negated=True), name='customers_relation_not_himself', violation_error_message='不能与本人建立关系')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalContactRelation',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('kind', models.CharField(choices=[('superior', '上级'), ('colleague', '同事'), ('relative', '亲属'), ('classmate', '同学'), ('friend', '朋友'), ('introduced', '引荐人')], max_length=10, verbose_name='关系')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('is_live', models.BooleanField(default=True, verbose_name='在用')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('other', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.contact', verbose_name='对方')),
                ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.contact', verbose_name='人员')),
            ],
            options={
                'verbose_name': 'historical 人员关系',
                'verbose_name_plural': 'historical 人员关系',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'indexes': [models.Index(fields=['history_date', 'id'], name='customers_h_history_222f92_idx')],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalMembership',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('role', models.CharField(choices=[('member', '普通成员'), ('leader', '负责人'), ('liaison', '联系人')], default='member', max_length=8, verbose_name='成员角色')),
                ('is_key', models.BooleanField(default=False, verbose_name='关键成员')),
                ('payer', models.CharField(choices=[('self', '成员自付'), ('group', '集团统付')], default='self', max_length=8, verbose_name='付费方')),
                ('starts_on', models.DateField(verbose_name='加入日期')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='退出日期')),
                ('group_pays_to', models.DateField(blank=True, null=True, verbose_name='集团付费截止')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('group', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.customer', verbose_name='集团客户')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.customer', verbose_name='成员')),
                ('organisation', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='identity.department', verbose_name='单位')),
            ],
            options={
                'verbose_name': 'historical 集团成员',
                'verbose_name_plural': 'historical 集团成员',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'indexes': [models.Index(fields=['history_date', 'id'], name='customers_h_history_37a015_idx')],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalUnitLink',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('starts_on', models.DateField(verbose_name='生效日期')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='失效日期')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('child', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.customer', verbose_name='下属单位')),
                ('history_user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='identity.department', verbose_name='单位')),
                ('parent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.customer', verbose_name='上级单位')),
            ],
            options={
                'verbose_name': 'historical 单位隶属关系',
                'verbose_name_plural': 'historical 单位隶属关系',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'indexes': [models.Index(fields=['history_date', 'id'], name='customers_h_history_18805d_idx')],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('field_marks', models.JSONField(default=dict, editable=False, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('role', models.CharField(choices=[('member', '普通成员'), ('leader', '负责人'), ('liaison', '联系人')], default='member', max_length=8, verbose_name='成员角色')),
                ('is_key', models.BooleanField(default=False, verbose_name='关键成员')),
                ('payer', models.CharField(choices=[('self', '成员自付'), ('group', '集团统付')], default='self', max_length=8, verbose_name='付费方')),
                ('starts_on', models.DateField(verbose_name='加入日期')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='退出日期')),
                ('group_pays_to', models.DateField(blank=True, null=True, verbose_name='集团付费截止')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='customers.customer', verbose_name='集团客户')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='customers.customer', verbose_name='成员')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.department', verbose_name='单位')),
            ],
            options={
                'verbose_name': '集团成员',
                'verbose_name_plural': '集团成员',
                'indexes': [models.Index(fields=['group', '-starts_on'], name='customers_membership_of'), models.Index(fields=['member', '-starts_on'], name='customers_membership_in')],
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('group'), models.F('group'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(models.F('member'), models.F('member'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(models.F('starts_on'), models.F('ends_on'), models.Value('[)'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='customers_membership_once', violation_error_message='该客户在这段时间已是此集团的成员'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('payer', 'group')), expressions=[(models.Func(models.F('member'), models.F('member'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(models.F('starts_on'), models.F('ends_on'), models.Value('[)'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='customers_membership_one_payer', violation_error_message='该客户在这段时间已由另一集团统付'), models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='customers_membership_dates_in_order', violation_error_message='退出日期不能早于加入日期'), models.CheckConstraint(condition=models.Q(('group_pays_to__isnull', True), models.Q(('ends_on__isnull', False), ('payer', 'group')), _connector='OR'), name='customers_membership_pays_to_after_leaving', violation_error_message='只有集团统付且已退出的成员才有集团付费截止日')],
            },
        ),
        migrations.CreateModel(
            name='UnitLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('field_marks', models.JSONField(default=dict, editable=False, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('starts_on', models.DateField(verbose_name='生效日期')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='失效日期')),
                ('child', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links_up', to='customers.customer', verbose_name='下属单位')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.department', verbose_name='单位')),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links_down', to='customers.customer', verbose_name='上级单位')),
            ],
            options={
                'verbose_name': '单位隶属关系',
                'verbose_name_plural': '单位隶属关系',
                'indexes': [models.Index(fields=['child', '-starts_on'], name='customers_unitlink_of')],
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('child'), models.F('child'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(models.F('starts_on'), models.F('ends_on'), models.Value('[)'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='customers_unitlink_one_parent', violation_error_message='该单位在这段时间已有上级单位，请先调整原有关系'), models.CheckConstraint(condition=models.Q(('child', models.F('parent')), _negated=True), name='customers_unitlink_not_itself', violation_error_message='单位不能隶属于自己'), models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='customers_unitlink_dates_in_order', violation_error_message='失效日期不能早于生效日期')],
            },
        ),
    ]
