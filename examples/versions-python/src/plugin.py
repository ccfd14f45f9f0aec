"""What must be looked up: versions for the form, and facts for the installation. The same plugin as ``examples/versions-rust``.

A list is lines of ``VERSION DIGEST``, the newest first, at a web server that the manifest names. The server tells a list's
``ETag``; the plugin keeps both and asks with ``If-None-Match``, so that what has not changed is not sent again. A token goes along
where an administrator has stored one. Plans are pure: they read the facts, and nothing else.
"""

from dataclasses import dataclass

from componentize_py_types import Err
from gantry_plugin import Failure, http, kv, secrets
from gantry_plugin.blueprints import Blueprint, BlueprintsPart
from gantry_plugin.catalog import CatalogPart
from gantry_plugin.facts import FactsPart
from gantry_plugin.make import (
    blueprint,
    fact,
    file,
    from_catalog,
    image,
    install_plan,
    run_spec,
    setting,
    step,
    text,
)
from gantry_plugin.plans import Action_Write, InstallPlan, PlansPart, RunSpec
from gantry_plugin.types import Choice, Server, Setting

HOST = "versions.example.org"
# What stands in the form for the newest there is when the server is installed.
NEWEST = "latest"
MAX_BYTES = 64 * 1024


@dataclass
class _Version:
    name: str
    digest: str


def _host(settings: list[Setting]) -> str:
    """Where a form wants the list from. Who fills it in may name any host; which may be asked stands in the manifest."""
    return next((each.value for each in settings if each.key == "mirror"), "") or HOST


def _token() -> str | None:
    try:
        return secrets.get("token")
    except Failure as failure:
        # What is for everybody needs none.
        if failure.code == "absent":
            return None
        raise


def _list(host: str) -> list[_Version]:
    known = kv.get(f"list {host}")
    tag = kv.get(f"tag {host}") if known is not None else None
    headers = [("if-none-match", tag.decode())] if tag is not None else []
    token = _token()
    if token is not None:
        headers.append(("authorization", f"Bearer {token}"))
    request = http.Request("GET", f"https://{host}/versions.txt", headers, b"", MAX_BYTES)
    answer = http.send([request])[0]
    if isinstance(answer, Err):
        said = answer.value
        raise Failure(said.code, said.message, said.retry_after_ms)
    response = answer.value
    if response.status == 304 and known is not None:
        return _read(host, known)
    if response.status in (429, 503):
        raise Failure("busy", f"{host} is busy.", 90_000)
    if response.status != 200:
        raise Failure("refused", f"{host} answered {response.status}.")
    fresh = next((value for name, value in response.headers if name == "etag"), None)
    if fresh is not None:
        kv.set(f"list {host}", response.body)
        kv.set(f"tag {host}", fresh.encode())
    return _read(host, response.body)


def _read(host: str, body: bytes) -> list[_Version]:
    try:
        pairs = [line.split(" ", 1) for line in body.decode().splitlines()]
        return [_Version(name, digest.strip()) for name, digest in pairs]
    except ValueError:
        raise Failure("bad_answer", f"What {host} answered is no list of versions.") from None


# What is typed is taken too, for the day on which nobody answers.
VERSION = from_catalog("version", "Version", NEWEST, "versions", open=True, required=True, needs_reinstall=True)
MIRROR = text("mirror", "Mirror", "", 128, help="Another web server that has the same list.")


class Blueprints(BlueprintsPart):
    def list(self) -> list[Blueprint]:
        summary = "A program whose versions stand on a web server."
        return [blueprint("versions", "Versions", summary=summary, variables=[VERSION, MIRROR])]


class Plans(PlansPart):
    def install(self, server: Server) -> InstallPlan:
        version = fact(server, "version")
        if not version:
            raise Failure("no_facts", "Nobody has looked up which version there is.")
        write = file("VERSION", f"{version} {fact(server, 'digest')}\n")
        return install_plan(step("Write down the version", 1, Action_Write(write)), installed_version=version)

    def run(self, server: Server) -> RunSpec:
        says = f"echo running {fact(server, 'version')}; exec sleep infinity"
        return run_spec(image("debian:bookworm-slim"), ["bash", "-c", says])


class Catalog(CatalogPart):
    def choices(self, name: str, settings: list[Setting]) -> list[Choice]:
        if name != "versions":
            raise Failure("unknown_catalog", f"There is no list {name}.")
        each = [Choice(value=version.name, label=version.name, help=None) for version in _list(_host(settings))]
        return [Choice(value=NEWEST, label="Newest", help=None), *each]


class Facts(FactsPart):
    def resolve(self, server: Server) -> list[Setting]:
        wanted = setting(server, "version")
        found = next((each for each in _list(_host(server.settings)) if wanted in (NEWEST, each.name)), None)
        if found is None:
            raise Failure("unknown_version", f"There is no version {wanted}.")
        return [Setting("version", found.name), Setting("digest", found.digest)]
