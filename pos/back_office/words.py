"""Facts as a manager can read them."""

import json
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString


def json_text(value: Any) -> SafeString | str:
    """Stored facts, a line each; nothing for nothing."""
    if not value:
        return ""
    return format_html('<pre class="bo-json">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))
