"""A browser, as far as a login needs one: cookies, redirects, and the token in a form. It stands behind the proxy."""

import http.client
import re
from dataclasses import dataclass, field
from http.cookies import Morsel, SimpleCookie
from urllib.parse import urlencode

ADDRESS = "203.0.113.9"


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def token(self) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"|data-csrf="(\w+)"', self.text)
        assert found, self.text
        return found[1] or found[2]


@dataclass(slots=True)
class BehindTheProxy:
    """Asks a port as our proxy does for a client that came by https."""

    port: int
    host: str
    cookies: dict[str, "Morsel[str]"] = field(default_factory=dict)

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={cookie.coded_value}" for name, cookie in self.cookies.items())

    def get(self, path: str) -> Page:
        """The page, whatever it takes to get there."""
        page = self.ask("GET", path)
        while page.status in (301, 302):
            page = self.ask("GET", page.headers["location"])
        return page

    def post(self, path: str, page: Page, **form: str) -> Page:
        """Send the form of a page."""
        body = urlencode({"csrfmiddlewaretoken": page.token, **form})
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def ask(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Page:
        origin = {"Origin": f"https://{self.host}"} if method == "POST" else {}
        proxy = {"Host": self.host, "X-Forwarded-Proto": "https", "X-Forwarded-For": ADDRESS}
        cookies = {"Cookie": self.cookie_header} if self.cookies else {}
        page = ask(self.port, method, path, body, {**proxy, **origin, **cookies, **(headers or {})})
        for line in page.headers.get("set-cookie", "").split("\n"):
            self.cookies.update(SimpleCookie(line))
        return page


def ask(port: int, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Page:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        client.request(method, path, body, headers or {})
        answer = client.getresponse()
        text = answer.read().decode(errors="replace")
        names = {name.lower() for name, _ in answer.getheaders()}
        return Page(answer.status, {name: "\n".join(answer.headers.get_all(name, [])) for name in names}, text)
    finally:
        client.close()
