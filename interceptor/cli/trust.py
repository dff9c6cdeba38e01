"""`interceptor trust`: what the project's certificate authority is, and what it can do."""

from __future__ import annotations

import hashlib
import ssl

import typer

from interceptor.cli.context import Context, show
from interceptor.project.config import load_project
from interceptor.run.trust import AUTHORITY_FILE, CERTIFICATE_FILE, end_of
from interceptor.session import project_authority


def trust(ctx: typer.Context) -> None:
    """Say what the project's certificate authority can do, and where clients find it.

    `run` and `serve` lead their own clients to it; the system's trust store is never touched.
    """
    context: Context = ctx.obj
    project = load_project(context.config)
    authority, hosts = project_authority(project)
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(authority.certificate.decode("ascii"))).hexdigest().upper()
    whom = "every host" if hosts is None else ", ".join(("this machine", *hosts))
    show(
        f"certificate  {project.display(project.state_dir / CERTIFICATE_FILE)}",
        [
            f"vouches for  {whom}",
            f"until        {end_of(authority):%Y-%m-%d}",
            f"SHA-256      {':'.join(digest[at : at + 2] for at in range(0, len(digest), 2))}",
            f"Whoever reads {project.display(project.state_dir / AUTHORITY_FILE)} can pose as these hosts, and those",
            "below them, to every client that trusts the certificate. Remove the file to have a new one made.",
        ],
    )
