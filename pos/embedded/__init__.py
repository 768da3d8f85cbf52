"""PostgreSQL and Redis as children of our own, on a machine that has neither (see the README's configuration table)."""

from pos.embedded.errors import EmbeddedError
from pos.embedded.folder import DataFolder, Services
from pos.embedded.home import Installation, install
from pos.embedded.process import Program

__all__ = ["DataFolder", "EmbeddedError", "Installation", "Program", "Services", "install"]
