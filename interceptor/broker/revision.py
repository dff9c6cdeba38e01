"""Detects the consumer's version from git and from the variables that CI services set."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from interceptor.values.errors import UsageError


@dataclass(frozen=True, slots=True)
class Revision:
    """A version of the consumer as a broker knows it; None for what could not be detected."""

    version: str | None = None
    branch: str | None = None
    build_url: str | None = None


@dataclass(frozen=True, slots=True)
class _Service:
    """The variables of one CI service.

    The marker is a variable that is set, or `NAME=value`. Of several variables for the branch the first that is set
    counts: a pull request's own one comes before that of the branch it goes into.
    """

    marker: str
    commit: str
    branches: tuple[str, ...]
    build_url: str


# Each service's list of predefined variables is its own documentation:
# https://docs.github.com/actions/reference/workflows-and-actions/variables
# https://docs.gitlab.com/ci/variables/predefined_variables/
# https://circleci.com/docs/variables/
# https://learn.microsoft.com/azure/devops/pipelines/build/variables
# https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
# https://buildkite.com/docs/pipelines/configure/environment-variables
# https://docs.travis-ci.com/user/environment-variables/
# https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables
# https://www.jetbrains.com/help/teamcity/predefined-build-parameters.html
# https://www.appveyor.com/docs/environment-variables/
# https://docs.drone.io/pipeline/environment/reference/
# https://docs.semaphoreci.com/reference/env-vars
# https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
# https://docs.cloudbees.com/docs/cloudbees-codeship/latest/basic-builds-and-configuration/set-environment-variables
_SERVICES = (
    _Service(
        "GITHUB_ACTIONS",
        "GITHUB_SHA",
        ("GITHUB_HEAD_REF", "GITHUB_REF"),
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    ),
    _Service(
        "GITLAB_CI",
        "CI_COMMIT_SHA",
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_BRANCH"),
        "{CI_PIPELINE_URL}",
    ),
    _Service("CIRCLECI", "CIRCLE_SHA1", ("CIRCLE_BRANCH",), "{CIRCLE_BUILD_URL}"),
    _Service(
        "TF_BUILD",
        "BUILD_SOURCEVERSION",
        ("SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH"),
        "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
    ),
    _Service(
        "BITBUCKET_BUILD_NUMBER",
        "BITBUCKET_COMMIT",
        ("BITBUCKET_BRANCH",),
        "{BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
    ),
    _Service("BUILDKITE", "BUILDKITE_COMMIT", ("BUILDKITE_BRANCH",), "{BUILDKITE_BUILD_URL}"),
    _Service("TRAVIS", "TRAVIS_COMMIT", ("TRAVIS_PULL_REQUEST_BRANCH", "TRAVIS_BRANCH"), "{TRAVIS_BUILD_WEB_URL}"),
    _Service("TEAMCITY_VERSION", "BUILD_VCS_NUMBER", (), "{BUILD_URL}"),
    _Service(
        "APPVEYOR",
        "APPVEYOR_REPO_COMMIT",
        ("APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH", "APPVEYOR_REPO_BRANCH"),
        "{APPVEYOR_URL}/project/{APPVEYOR_ACCOUNT_NAME}/{APPVEYOR_PROJECT_SLUG}/builds/{APPVEYOR_BUILD_ID}",
    ),
    _Service("DRONE", "DRONE_COMMIT_SHA", ("DRONE_SOURCE_BRANCH", "DRONE_BRANCH"), "{DRONE_BUILD_LINK}"),
    _Service(
        "SEMAPHORE",
        "SEMAPHORE_GIT_SHA",
        ("SEMAPHORE_GIT_PR_BRANCH", "SEMAPHORE_GIT_BRANCH"),
        "{SEMAPHORE_ORGANIZATION_URL}/workflows/{SEMAPHORE_WORKFLOW_ID}",
    ),
    _Service(
        "CODEBUILD_BUILD_ID",
        "CODEBUILD_RESOLVED_SOURCE_VERSION",
        ("CODEBUILD_WEBHOOK_HEAD_REF",),
        "{CODEBUILD_BUILD_URL}",
    ),
    _Service("CI_NAME=codeship", "CI_COMMIT_ID", ("CI_BRANCH",), "{CI_BUILD_URL}"),
    _Service("JENKINS_URL", "GIT_COMMIT", ("CHANGE_BRANCH", "BRANCH_NAME", "GIT_BRANCH"), "{BUILD_URL}"),
)


def detect(root: Path, environ: Mapping[str, str]) -> Revision:
    """The commit of the checkout, the branch that CI or git names, and CI's address of the build.

    The checkout's commit counts, and not the one that CI names: the pacts are what its tests did. Where a service
    builds a merge with a pull request, that is the merge.
    """
    service = next((each for each in _SERVICES if _is_here(each.marker, environ)), None)
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    branch = _git(root, "symbolic-ref", "--short", "--quiet", "HEAD")
    if service is None:
        return Revision(commit, branch)
    return Revision(
        commit or environ.get(service.commit) or None,
        next(filter(None, (_branch(environ.get(name, "")) for name in service.branches)), branch),
        _filled(service.build_url, environ),
    )


def require_clean(root: Path, generated: Path, environ: Mapping[str, str]) -> None:
    """Refuse a work tree that is not what its commit says.

    Args:
        root: the project's folder, somewhere in a work tree or in none.
        generated: a folder that does not count: the pacts, which a run has just rewritten.
        environ: with `CI` set, untracked files do not count: builds leave them.

    Raises:
        UsageError: that names some of the changed files.
    """
    untracked = "no" if environ.get("CI") else "normal"
    own = _excluded(root, generated)
    changes = _git(root, "status", "--porcelain", f"--untracked-files={untracked}", "--", ":(top)", *own)
    if not changes:
        return
    names = [line[3:] for line in changes.splitlines()]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    raise UsageError(
        f"the work tree has uncommitted changes: {shown}",
        "commit them, or name the version with --consumer-app-version",
    )


def _excluded(root: Path, folder: Path) -> list[str]:
    """The pathspec that leaves a folder out; none where it is outside of the work tree."""
    top = Path(_git(root, "rev-parse", "--show-toplevel") or root).resolve()
    below = folder.resolve()
    return [f":(exclude,top){below.relative_to(top).as_posix()}"] if below.is_relative_to(top) else []


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, or None where it fails: no git, no repository, no commit, no branch."""
    try:
        done = subprocess.run(  # noqa: S603  # the arguments are ours
            ["git", *arguments],  # noqa: S607  # the user's own git is the one to ask
            cwd=root,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except OSError:
        return None
    return done.stdout.rstrip("\n") or None if done.returncode == 0 else None


def is_commit(folder: Path, revision: str) -> bool:
    """Whether git finds a commit by this name from a folder."""
    return _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}") is not None


def file_at(folder: Path, revision: str, name: str) -> bytes | None:
    """What a file of a folder held in a revision; None where it was not there."""
    content = _git(folder, "show", "--end-of-options", f"{revision}:./{name}")
    return None if content is None else content.encode("utf-8", "surrogateescape")


def _is_here(marker: str, environ: Mapping[str, str]) -> bool:
    name, equals, value = marker.partition("=")
    found = environ.get(name, "")
    return found == value if equals else bool(found)


def _branch(value: str) -> str | None:
    """The branch in a CI variable: `refs/heads/main` and `origin/main` are `main`, a tag or a merge ref is none."""
    if value.startswith("refs/"):
        return value.removeprefix("refs/heads/") if value.startswith("refs/heads/") else None
    return value.removeprefix("origin/") or None


def _filled(template: str, environ: Mapping[str, str]) -> str | None:
    try:
        return template.format_map(environ).replace(" ", "%20") or None
    except KeyError:
        return None
