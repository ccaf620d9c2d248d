"""Copies the Google protos the contract imports from the googleapis-common-protos wheel into third_party/.

The folder is git-ignored: the wheel stays the one source of these files, and nothing asks a schema registry.
The wheel has no py.typed, so mypy ignores the stubs it ships: third_party/stubs holds some that mypy_path can name.
"""

import importlib.util
import shutil
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

TARGET = Path(__file__).resolve().parent.parent / "third_party"
STUBS = TARGET / "stubs"
FILES = (
    "google/api/annotations.proto",
    "google/api/client.proto",
    "google/api/field_behavior.proto",
    "google/api/http.proto",
    "google/api/launch_stage.proto",
    "google/api/resource.proto",
    "google/rpc/code.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
    "google/type/money.proto",
)


def wheel_root() -> Path:
    """The folder that holds google/: a namespace package, so ask for one that only this wheel has."""
    spec = importlib.util.find_spec("google.rpc.status_pb2")
    if spec is None or spec.origin is None:
        raise SystemExit("googleapis-common-protos is not installed: pip install -e '.[dev]'")
    return Path(spec.origin).parents[2]


def write_stubs() -> None:
    shutil.rmtree(STUBS, ignore_errors=True)
    STUBS.mkdir()
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{TARGET}", f"-I{well_known}", f"--mypy_out=quiet:{STUBS}", *FILES]
    if protoc.main(arguments) != 0:
        shutil.rmtree(STUBS)
        raise SystemExit("could not write third_party/stubs")


def main() -> None:
    root = wheel_root()
    for stale in TARGET.rglob("*.proto"):
        if stale.relative_to(TARGET).as_posix() not in FILES:
            stale.unlink()
    changed = not STUBS.exists()
    for name in FILES:
        source, copy = root / name, TARGET / name
        if not copy.exists() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            changed = True
    if changed:
        write_stubs()


if __name__ == "__main__":
    main()
