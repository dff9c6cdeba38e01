"""Turn a consumer's test run into pacts: intercept, answer from handlers, note, convert.

These names are for programs and tests; each is imported when it is first asked for, so that `interceptor --help` and
the pytest plugin import no more than they need.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for that of `typing`, which the program may not need
if TYPE_CHECKING:
    from interceptor.checking import CheckedPact, check
    from interceptor.conversion import Conversion, convert
    from interceptor.project.config import Project, load_project
    from interceptor.testing.control_client import ControlClient
    from interceptor.testing.proxy import Proxy
    from interceptor.values.errors import InterceptorError
    from interceptor.values.findings import Finding

__version__ = "0.1.0"
__all__ = [
    "CheckedPact",
    "ControlClient",
    "Conversion",
    "Finding",
    "InterceptorError",
    "Project",
    "Proxy",
    "__version__",
    "check",
    "convert",
    "load_project",
]

_MODULES = {
    "CheckedPact": "checking",
    "ControlClient": "testing.control_client",
    "Conversion": "conversion",
    "Finding": "values.findings",
    "InterceptorError": "values.errors",
    "Project": "project.config",
    "Proxy": "testing.proxy",
    "check": "checking",
    "convert": "conversion",
    "load_project": "project.config",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  # as above

    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
