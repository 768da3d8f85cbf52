import django.core.validators
import django.db.models.deletion
import pos.sealed
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dojo_integration', '0002_dojo_events'),
        ('pos', '0001_initial'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='restcredential',
            options={'ordering': ['pk'], 'verbose_name': 'password of Dojo', 'verbose_name_plural': 'passwords of Dojo'},
        ),
        migrations.AlterModelOptions(
            name='orderdocument',
            options={'ordering': ['-order_id'], 'verbose_name': 'order as Dojo reads it', 'verbose_name_plural': 'orders as Dojo reads them'},
        ),
        migrations.CreateModel(
            name='DojoConnection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('api_key', pos.sealed.SealedField()),
                ('webhook_secret', pos.sealed.SealedField()),
                ('software_house_id', models.CharField(blank=True, max_length=80, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_.-]+\\Z', 'Letters, digits, dots, hyphens and underscores.')])),
                ('reseller_id', models.CharField(blank=True, max_length=80, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_.-]+\\Z', 'Letters, digits, dots, hyphens and underscores.')])),
                ('public_url', models.URLField(blank=True, help_text='Where Dojo calls us, without /v1.')),
                ('venue', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='dojo_connection', to='pos.venue')),
            ],
            options={
                'verbose_name': 'Dojo connection',
                'ordering': ['pk'],
            },
        ),
    ]
