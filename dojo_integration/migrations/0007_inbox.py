import django.db.models.deletion
import django.utils.timezone
import pos.sealed
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dojo_integration', '0006_outbox'),
        ('pos', '0003_people_in_words'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookSecret',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret', pos.sealed.SealedField()),
                ('subscription_id', models.CharField(db_collation='C', max_length=120)),
                ('secret_id', models.CharField(db_collation='C', max_length=120)),
                ('created_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.RemoveIndex(
            model_name='dojoevent',
            name='dojo_event_unhandled',
        ),
        migrations.AddField(
            model_name='dojoevent',
            name='attempts',
            field=models.PositiveIntegerField(default=0, help_text='How often in vain, one after the other.'),
        ),
        migrations.AddField(
            model_name='dojoevent',
            name='claimed_until',
            field=models.DateTimeField(blank=True, help_text="Till then it is somebody's work.", null=True),
        ),
        migrations.AddField(
            model_name='dojoevent',
            name='failing_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='dojoevent',
            name='last_error',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='dojoevent',
            name='next_attempt_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='dojoevent',
            name='outcome',
            field=models.CharField(blank=True, help_text='What it came to, once Dojo was asked.', max_length=20),
        ),
        migrations.AddField(
            model_name='dojoevent',
            name='parked_at',
            field=models.DateTimeField(blank=True, help_text='Given up, until a manager tries again.', null=True),
        ),
        migrations.AddIndex(
            model_name='dojoevent',
            index=models.Index(condition=models.Q(('handled_at__isnull', True), ('parked_at__isnull', True)), fields=['venue', 'next_attempt_at'], name='dojo_event_due'),
        ),
        migrations.AddIndex(
            model_name='dojoevent',
            index=models.Index(condition=models.Q(('handled_at__isnull', True), ('parked_at__isnull', False)), fields=['venue', '-parked_at'], name='dojo_event_parked'),
        ),
        migrations.AddField(
            model_name='webhooksecret',
            name='venue',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhook_secrets', to='pos.venue'),
        ),
        migrations.AddConstraint(
            model_name='webhooksecret',
            constraint=models.UniqueConstraint(fields=('venue', 'subscription_id', 'secret_id'), name='webhook_secret_once'),
        ),
    ]
