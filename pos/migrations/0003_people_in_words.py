from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('pos', '0002_audit_is_append_only'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='auditentry',
            options={'ordering': ['-pk'], 'verbose_name': 'audit entry', 'verbose_name_plural': 'audit entries'},
        ),
        migrations.AlterModelOptions(
            name='membership',
            options={'ordering': ['staff__name', 'pk'], 'verbose_name': 'person', 'verbose_name_plural': 'staff'},
        ),
    ]
