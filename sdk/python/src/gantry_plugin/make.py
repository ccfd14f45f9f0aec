"""Builders: the shortest true way to write a blueprint, a plan and a run spec.

They answer the contract's own dataclasses. Whatever they do not take is set on these by ``dataclasses.replace``.
"""

from collections.abc import Iterable, Sequence
from typing import TypedDict, Unpack

from gantry_plugin import blueprints, plans, types
from gantry_plugin.failure import Failure
from gantry_plugin.wire import is_control


def limits(memory: int, cpu: int, disk: int) -> types.Limits:
    """Memory in MiB and CPU in hundredths of a core; no swap, 256 processes, disk in MiB."""
    return types.Limits(memory=memory, swap=0, cpu=cpu, disk=disk, pids=256)


def blueprint(
    id: str,
    name: str,
    *,
    summary: str = "",
    documentation: str = "",
    tags: Sequence[str] = (),
    icon: str = "",
    variables: Sequence[types.Variable] = (),
    endpoints: Sequence[blueprints.EndpointNeed] = (),
    least: types.Limits | None = None,
    recommended: types.Limits | None = None,
    collect_every_ms: int | None = None,
    commands: blueprints.CommandDoor = blueprints.CommandDoor.CONSOLE,
    protected_files: Sequence[str] = (),
) -> blueprints.Blueprint:
    """A blueprint, without variables or endpoints unless they are given."""
    return blueprints.Blueprint(
        id=id,
        name=name,
        summary=summary,
        documentation=documentation,
        tags=list(tags),
        icon=icon,
        variables=list(variables),
        endpoints=list(endpoints),
        least=least or limits(128, 10, 256),
        recommended=recommended or limits(512, 100, 1024),
        collect_every_ms=collect_every_ms,
        commands=commands,
        protected_files=list(protected_files),
        extra=[],
    )


def required_endpoint(
    name: str,
    protocol: types.Protocol,
    default_port: int,
    help: str,
    *,
    relative_to: tuple[str, int] | None = None,
) -> blueprints.EndpointNeed:
    """A port that the game cannot do without. ``relative_to`` is another endpoint, and how far from its port this one is."""
    return blueprints.EndpointNeed(
        name=name,
        protocol=protocol,
        help=help,
        default_port=default_port,
        required=True,
        relative_to=relative_to,
    )


class About(TypedDict, total=False):
    """What a variable has besides its kind and its default."""

    help: str
    group: str
    required: bool
    viewable: types.Audience
    editable: types.Audience
    needs_reinstall: bool
    needs_restart: bool


def _ask(key: str, label: str, kind: types.Kind, default: str | None, about: About) -> types.Variable:
    return types.Variable(
        key=key,
        label=label,
        help=about.get("help", ""),
        group=about.get("group", "General"),
        kind=kind,
        default_value=default,
        required=about.get("required", False),
        viewable=about.get("viewable", types.Audience.MEMBERS),
        editable=about.get("editable", types.Audience.MEMBERS),
        needs_reinstall=about.get("needs_reinstall", False),
        needs_restart=about.get("needs_restart", True),
        extra=[],
    )


def _rule(least: int, most: int, pattern: tuple[str, str] | None) -> types.TextRule:
    expression, words = pattern or (None, None)
    return types.TextRule(min_length=least, max_length=most, pattern=expression, pattern_help=words)


def text(
    key: str,
    label: str,
    default: str,
    max_length: int,
    *,
    min_length: int = 0,
    pattern: tuple[str, str] | None = None,
    **about: Unpack[About],
) -> types.Variable:
    """One line of text. ``pattern`` is RE2 that must match the whole of it, and the same in words."""
    kind = types.Kind_Text(_rule(min_length, max_length, pattern))
    return _ask(key, label, kind, default, about)


def multiline(
    key: str,
    label: str,
    default: str,
    max_length: int,
    *,
    min_length: int = 0,
    pattern: tuple[str, str] | None = None,
    **about: Unpack[About],
) -> types.Variable:
    """Text of several lines."""
    kind = types.Kind_Multiline(_rule(min_length, max_length, pattern))
    return _ask(key, label, kind, default, about)


def secret(
    key: str,
    label: str,
    min_length: int,
    max_length: int,
    *,
    pattern: tuple[str, str] | None = None,
    **about: Unpack[About],
) -> types.Variable:
    """Text that is encrypted at rest and never shown again."""
    kind = types.Kind_Secret(_rule(min_length, max_length, pattern))
    return _ask(key, label, kind, None, about)


def number(
    key: str,
    label: str,
    default: int,
    minimum: int,
    maximum: int,
    *,
    unit: str | None = None,
    **about: Unpack[About],
) -> types.Variable:
    """A whole number."""
    rule = types.NumberRule(minimum=float(minimum), maximum=float(maximum), step=1.0, unit=unit)
    return _ask(key, label, types.Kind_Number(rule), str(default), about)


def boolean(key: str, label: str, default: bool, **about: Unpack[About]) -> types.Variable:
    """Yes or no."""
    return _ask(key, label, types.Kind_Boolean(), "true" if default else "false", about)


def one_of(
    key: str,
    label: str,
    default: str,
    choices: Iterable[tuple[str, str]],
    **about: Unpack[About],
) -> types.Variable:
    """One of some values, each with its label."""
    listed = [types.Choice(value=value, label=label, help=None) for value, label in choices]
    return _ask(key, label, types.Kind_OneOf(listed), default, about)


def from_catalog(
    key: str,
    label: str,
    default: str,
    catalog: str,
    *,
    open: bool = False,
    **about: Unpack[About],
) -> types.Variable:
    """One of the values that the plugin's catalog lists under this name when a form is filled in.

    The part ``catalog`` answers them. ``open`` takes what is not listed as well, for the day on which nobody answers. What
    is there once a plan is made is for the plugin to check.
    """
    rule = types.CatalogRule(name=catalog, open=open)
    return _ask(key, label, types.Kind_FromCatalog(rule), default, about)


def problem(key: str, message: str, remedy: str | None = None) -> types.FieldProblem:
    """What is wrong with the variable ``key``, and what to do about it."""
    return types.FieldProblem(key=key, message=message, remedy=remedy)


def setting(server: types.Server, key: str) -> str:
    """A variable's value, or the empty text where it has none."""
    return next((each.value for each in server.settings if each.key == key), "")


def fact(server: types.Server, key: str) -> str:
    """What was looked up under this key, or the empty text where nothing was."""
    return next((each.value for each in server.facts if each.key == key), "")


def flag(server: types.Server, key: str) -> bool:
    """Whether a boolean variable is true."""
    return setting(server, key) == "true"


def quoted(server: types.Server, key: str) -> str:
    """A variable's value between double quotes, for configuration files where nothing else ends a value.

    Raises a :class:`Failure` if the value has a double quote or a control character, which would let it set what it was not
    meant to set. A pattern of the variable that forbids both tells people so while they type.
    """
    value = setting(server, key)
    if any(character == '"' or is_control(character) for character in value):
        raise Failure("unquotable_setting", f"The variable {key} has a double quote or a control character.")
    return f'"{value}"'


def port(server: types.Server, name: str) -> int:
    """The port of a named endpoint. Raises a :class:`Failure` if the server has no allocation for it."""
    for endpoint in server.endpoints:
        if endpoint.name == name:
            return endpoint.port
    raise Failure("no_endpoint", f"The server has no allocation for its {name} port.")


def image(reference: str) -> plans.Image:
    """An image of a registry."""
    return plans.Image_Reference(reference)


def dockerfile(text: str) -> plans.Image:
    """An image that the node builds from this Dockerfile, once."""
    return plans.Image_Recipe(plans.Recipe(dockerfile=text, files=[]))


def step(title: str, weight: int, action: plans.Action, *, id: str = "", may_fail: bool = False) -> plans.Step:
    """A step of the given weight; :func:`install_plan` makes its id from its place."""
    return plans.Step(id=id, title=title, action=action, weight=weight, may_fail=may_fail)


def install_plan(*steps: plans.Step, installed_version: str | None = None) -> plans.InstallPlan:
    """A plan of these steps, in their order."""
    for place, each in enumerate(steps, start=1):
        each.id = each.id or f"step-{place}"
    return plans.InstallPlan(steps=list(steps), installed_version=installed_version)


def file(path: str, content: str, *, mode: int = 0o644, only_if_missing: bool = False) -> plans.Write:
    """A file with ordinary rights, written each time unless ``only_if_missing``."""
    return plans.Write(path=path, content=content, mode=mode, only_if_missing=only_if_missing)


def edit(at: str, value: str) -> types.Edit:
    """An edit that is made whatever stands there; its value is written like what stands there."""
    return types.Edit(
        at=at, value=value, condition=types.Condition_Always(), notation=types.Notation.LIKE_THERE
    )


def config_edit(path: str, format: types.Format, edits: Iterable[tuple[str, str]]) -> types.ConfigEdit:
    """Edits, given as pairs of where and what, to a file that is made where it is missing."""
    return types.ConfigEdit(path=path, format=format, edits=[edit(at, value) for at, value in edits], create=True)


def container_run(
    image: plans.Image,
    command: Sequence[str],
    *,
    environment: Sequence[tuple[str, str]] = (),
    network: bool = False,
    files: Sequence[tuple[str, str]] = (),
    user: plans.User = plans.User.SERVER,
    timeout_ms: int = 3_600_000,
) -> plans.ContainerRun:
    """A command that runs as the server's own user in the server's directory, ``/data``."""
    return plans.ContainerRun(
        image=image,
        command=list(command),
        environment=[types.Setting(key, value) for key, value in environment],
        network=network,
        working_directory="/data",
        files=list(files),
        user=user,
        timeout_ms=timeout_ms,
    )


def run_spec(
    image: plans.Image,
    command: Sequence[str],
    *,
    environment: Sequence[tuple[str, str]] = (),
    edits: Sequence[types.ConfigEdit] = (),
    ready: Sequence[plans.Probe] = (),
    ready_timeout_ms: int = 60_000,
    stop: Sequence[plans.StopStep] | None = None,
    terminal: bool = True,
    read_only_root: bool = True,
) -> plans.RunSpec:
    """How a game runs: its directory is mounted at ``/data``, where the command starts.

    Unless said otherwise it is ready as soon as it runs, and gets SIGTERM and ten seconds to stop.
    """
    gently: list[plans.StopStep] = [plans.StopStep_Signal("SIGTERM"), plans.StopStep_WaitMs(10_000)]
    return plans.RunSpec(
        image=image,
        command=list(command),
        environment=[types.Setting(key, value) for key, value in environment],
        working_directory="/data",
        edits=list(edits),
        ready=list(ready),
        ready_timeout_ms=ready_timeout_ms,
        stop=gently if stop is None else list(stop),
        terminal=terminal,
        read_only_root=read_only_root,
        extra=[],
    )
