"""The laws of the house, walked over every file: who may import whom, who may lock, who may save."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Imports go down only: an app knows itself and what stands before it here.
LAYERS = ("pos", "floorplan", "bookings", "orders", "dojo_integration")

# The project's own composition: here, and only here, everything is put together by name.
COMPOSITION = {"pos/urls.py", "pos/settings/base.py", "pos/settings/test.py"}

HTTP_CLIENTS = ("requests", "urllib3", "urllib.request", "httpx", "aiohttp")

# Calls whose string argument names a module, an app or a model.
NAMES_BY_STRING = {
    "ForeignKey", "OneToOneField", "ManyToManyField", "GenericRelation", "get_model", "import_string",
    "import_module", "__import__", "find_spec", "include", "swappable_dependency",
}  # fmt: skip


def sources() -> list[Path]:
    return sorted(path for app in LAYERS for path in (ROOT / app).rglob("*.py"))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def layer(dotted: str) -> int | None:
    first = dotted.partition(".")[0]
    return LAYERS.index(first) if first in LAYERS else None


def called_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def names_used(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every module, app or model that the file names: imports anywhere, and strings that stand for one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")
        elif isinstance(node, ast.Call) and called_name(node) in NAMES_BY_STRING:
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from ((node.lineno, one.value) for one in given if _is_text(one))
        elif isinstance(node, ast.Assign) and any(_target(target) == "dependencies" for target in node.targets):
            # A migration's dependencies: [("orders", "0001_initial")]
            pairs = [pair for pair in ast.walk(node.value) if isinstance(pair, ast.Tuple) and pair.elts]
            yield from ((node.lineno, pair.elts[0].value) for pair in pairs if _is_text(pair.elts[0]))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _target(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def climbs(app: str, tree: ast.Module) -> list[str]:
    """Where a file of the app names a higher one."""
    return [
        f"line {line}: {app} names {name}"
        for line, name in names_used(tree)
        if name.startswith(".") or (layer(name) or 0) > LAYERS.index(app)
    ]


def imports_inside_functions(tree: ast.Module) -> list[str]:
    found = []
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    found.append(f"line {node.lineno}: import inside {function.name}()")
    return found


def signals(tree: ast.Module) -> list[str]:
    forbidden = ("django.dispatch", "django.db.models.signals", "django.core.signals")
    return [f"line {line}: {name}" for line, name in names_used(tree) if name.startswith(forbidden)]


def http_clients(tree: ast.Module) -> list[str]:
    """What speaks HTTP of its own accord, and would know none of the precautions of Dojo's client."""
    return [
        f"line {line}: {name}"
        for line, name in names_used(tree)
        if any(name == client or name.startswith(f"{client}.") for client in HTTP_CLIENTS)
    ]


def row_locks(tree: ast.Module) -> list[str]:
    return [
        f"line {node.lineno}: select_for_update"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "select_for_update"
    ]


def saving_serializers(tree: ast.Module) -> list[str]:
    """Serializers translate; services save."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        bases = [ast.unparse(base) for base in node.bases]
        if any(base.endswith("ModelSerializer") for base in bases):
            found.append(f"line {node.lineno}: {node.name} is a ModelSerializer")
        if not any(base.endswith(("Serializer", "In", "Out")) for base in bases):
            continue
        for child in ast.walk(node):
            if isinstance(child, ast.FunctionDef) and child.name in {"create", "update", "save"}:
                found.append(f"line {child.lineno}: {node.name}.{child.name}()")
            if isinstance(child, ast.Attribute) and child.attr in {"save", "bulk_create", "objects"}:
                found.append(f"line {child.lineno}: {node.name} reaches for .{child.attr}")
    return found


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("app", LAYERS)
def test_imports_go_down_only(app: str) -> None:
    found = {_relative(path): climbs(app, parsed(path)) for path in sources() if path.is_relative_to(ROOT / app)}
    assert {path: lines for path, lines in found.items() if lines and path not in COMPOSITION} == {}


def of_ours(tree: ast.Module) -> list[str]:
    """Where a file of the sandbox names something of ours but the sandbox."""
    return [
        f"line {line}: {name}"
        for line, name in names_used(tree)
        if name.startswith(".") or (layer(name) is not None and not name.startswith("dojo_integration.sandbox"))
    ]


def test_the_sandbox_knows_nothing_of_us() -> None:
    """It plays Dojo, who knows the wire alone."""
    files = [path for path in sources() if path.is_relative_to(ROOT / "dojo_integration/sandbox")]
    found = {_relative(path): of_ours(parsed(path)) for path in files}
    assert len(found) > 15
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_nothing_is_imported_inside_a_function() -> None:
    found = {_relative(path): imports_inside_functions(parsed(path)) for path in sources()}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_no_signals_carry_our_own_flow() -> None:
    found = {_relative(path): signals(parsed(path)) for path in sources()}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_only_the_client_of_dojos_api_speaks_http() -> None:
    """The sandbox plays the other side, and speaks for itself."""
    speaking = {_relative(path) for path in sources() if http_clients(parsed(path))}
    allowed = ("dojo_integration/dojo_api/", "dojo_integration/sandbox/")
    assert any(path.startswith(allowed[0]) for path in speaking)
    assert {path for path in speaking if not path.startswith(allowed)} == set()


def test_rows_are_locked_in_row_locks_only() -> None:
    found = {_relative(path): row_locks(parsed(path)) for path in sources() if path.name != "row_locks.py"}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_serializers_save_nothing() -> None:
    found = {_relative(path): saving_serializers(parsed(path)) for path in sources()}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_models_know_no_services() -> None:
    found = {}
    for path in sources():
        relative = _relative(path)
        if "/models/" in relative or relative.endswith("/models.py"):
            found[relative] = [name for _, name in names_used(parsed(path)) if ".services" in name]
    assert found
    assert {path: names for path, names in found.items() if names} == {}


def test_no_drawer_for_everything() -> None:
    drawers = [_relative(path) for path in sources() if path.stem in {"utils", "helpers", "common", "misc"}]
    assert drawers == []


# The laws are only worth something when they find what they forbid.


@pytest.mark.parametrize(
    "text",
    [
        "import orders.models",
        "from dojo_integration.wire import money",
        "def later():\n    from orders.models import Order\n    return Order",
        "order = models.ForeignKey('orders.Order', on_delete=models.PROTECT)",
        "order = models.ForeignKey(to='orders.Order', on_delete=models.PROTECT)",
        "Order = apps.get_model('orders', 'Order')",
        "Order = apps.get_model('orders.Order')",
        "call = import_string('orders.services.pay')",
        "module = importlib.import_module('orders.services')",
        "class Migration:\n    dependencies = [('floorplan', '0001_initial'), ('orders', '0001_initial')]",
        "from ..orders import models",
    ],
)
def test_a_climbing_import_is_found(text: str) -> None:
    assert len(climbs("bookings", ast.parse(text))) == 1


def test_what_stands_below_may_be_named() -> None:
    text = "import pos.money\nfrom floorplan.models import Table\nparty = models.ForeignKey('bookings.Party')"
    assert climbs("bookings", ast.parse(text)) == []


@pytest.mark.parametrize(
    ("law", "text"),
    [
        (imports_inside_functions, "def pay():\n    import decimal"),
        (of_ours, "from dojo_integration.models import DojoEvent"),
        (of_ours, "import dojo_integration"),
        (of_ours, "from pos.service import service"),
        (of_ours, "order = models.ForeignKey('orders.Order')"),
        (http_clients, "import requests"),
        (http_clients, "from requests.adapters import HTTPAdapter"),
        (http_clients, "import urllib3"),
        (http_clients, "from urllib.request import urlopen"),
        (signals, "from django.db.models.signals import post_save"),
        (signals, "from django.dispatch import receiver"),
        (row_locks, "Order.objects.select_for_update().get(pk=1)"),
        (saving_serializers, "class OrderIn(Serializer):\n    def create(self, data):\n        return data"),
        (saving_serializers, "class OrderIn(serializers.ModelSerializer):\n    pass"),
        (saving_serializers, "class OrderIn(Serializer):\n    def validate(self, data):\n        Order.objects.get()"),
    ],
)
def test_a_broken_law_is_found(law, text: str) -> None:
    assert len(law(ast.parse(text))) == 1
