"""What git and the CI services tell, asked in real repositories."""

import subprocess

import pytest

from interceptor.broker.revision import Revision, detect, require_clean
from interceptor.values.errors import UsageError

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SHA": "1" * 40,
    "GITHUB_SERVER_URL": "https://github.example.com",
    "GITHUB_REPOSITORY": "shop/site",
    "GITHUB_RUN_ID": "7",
}
GITHUB_RUN = "https://github.example.com/shop/site/actions/runs/7"


def git(folder, *arguments):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def _no_git_settings(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "handlers.yaml").write_text("handlers: []\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=first")
    return tmp_path


def test_git_names_commit_and_branch(repository):
    assert detect(repository / "site", {}) == Revision(git(repository, "rev-parse", "HEAD"), "trunk")


def test_a_detached_head_has_no_branch(repository):
    git(repository, "checkout", "--quiet", "--detach")
    assert detect(repository, {}).branch is None


def test_a_repository_without_a_commit_has_no_version(tmp_path):
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    assert detect(tmp_path, {}) == Revision(None, "trunk")


def test_outside_of_git_ci_names_the_commit(tmp_path):
    found = detect(tmp_path, {**GITHUB, "GITHUB_REF": "refs/heads/main"})
    assert found == Revision("1" * 40, "main", GITHUB_RUN)


def test_nothing_is_known_outside_of_both(tmp_path):
    assert detect(tmp_path, {}) == Revision()


# Each row: the variables, the branch, the address of the build.
SERVICES = [
    ({**GITHUB, "GITHUB_HEAD_REF": "", "GITHUB_REF": "refs/heads/feat/x"}, "feat/x", GITHUB_RUN),
    ({**GITHUB, "GITHUB_HEAD_REF": "feat/x", "GITHUB_REF": "refs/pull/3/merge"}, "feat/x", GITHUB_RUN),
    ({**GITHUB, "GITHUB_HEAD_REF": "", "GITHUB_REF": "refs/tags/v1"}, None, GITHUB_RUN),
    ({"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main", "CI_PIPELINE_URL": "https://ci/9"}, "main", "https://ci/9"),
    ({"GITLAB_CI": "true", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feat/x"}, "feat/x", None),
    ({"CIRCLECI": "true", "CIRCLE_BRANCH": "main", "CIRCLE_BUILD_URL": "https://ci/9"}, "main", "https://ci/9"),
    (
        {
            "TF_BUILD": "True",
            "BUILD_SOURCEBRANCH": "refs/heads/main",
            "SYSTEM_COLLECTIONURI": "https://azure.example.com/shop/",
            "SYSTEM_TEAMPROJECT": "our site",
            "BUILD_BUILDID": "9",
        },
        "main",
        "https://azure.example.com/shop/our%20site/_build/results?buildId=9",
    ),
    (
        {
            "TF_BUILD": "True",
            "BUILD_SOURCEBRANCH": "refs/pull/3/merge",
            "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/feat/x",
        },
        "feat/x",
        None,
    ),
    (
        {
            "BITBUCKET_BUILD_NUMBER": "9",
            "BITBUCKET_BRANCH": "main",
            "BITBUCKET_GIT_HTTP_ORIGIN": "https://bitbucket.example.com/shop/site",
        },
        "main",
        "https://bitbucket.example.com/shop/site/pipelines/results/9",
    ),
    ({"BUILDKITE": "true", "BUILDKITE_BRANCH": "main", "BUILDKITE_BUILD_URL": "https://ci/9"}, "main", "https://ci/9"),
    ({"TRAVIS": "true", "TRAVIS_PULL_REQUEST_BRANCH": "", "TRAVIS_BRANCH": "main"}, "main", None),
    (
        {
            "TRAVIS": "true",
            "TRAVIS_PULL_REQUEST_BRANCH": "feat/x",
            "TRAVIS_BRANCH": "main",
            "TRAVIS_BUILD_WEB_URL": "https://ci/9",
        },
        "feat/x",
        "https://ci/9",
    ),
    ({"TEAMCITY_VERSION": "2025.11", "BUILD_URL": "https://ci/9"}, None, "https://ci/9"),
    (
        {
            "APPVEYOR": "True",
            "APPVEYOR_REPO_BRANCH": "main",
            "APPVEYOR_URL": "https://ci.example.com",
            "APPVEYOR_ACCOUNT_NAME": "shop",
            "APPVEYOR_PROJECT_SLUG": "site",
            "APPVEYOR_BUILD_ID": "9",
        },
        "main",
        "https://ci.example.com/project/shop/site/builds/9",
    ),
    (
        {"APPVEYOR": "True", "APPVEYOR_REPO_BRANCH": "main", "APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH": "feat/x"},
        "feat/x",
        None,
    ),
    ({"DRONE": "true", "DRONE_BRANCH": "main", "DRONE_BUILD_LINK": "https://ci/9"}, "main", "https://ci/9"),
    ({"DRONE": "true", "DRONE_BRANCH": "main", "DRONE_SOURCE_BRANCH": "feat/x"}, "feat/x", None),
    (
        {
            "SEMAPHORE": "true",
            "SEMAPHORE_GIT_BRANCH": "main",
            "SEMAPHORE_ORGANIZATION_URL": "https://shop.example.com",
            "SEMAPHORE_WORKFLOW_ID": "9",
        },
        "main",
        "https://shop.example.com/workflows/9",
    ),
    ({"SEMAPHORE": "true", "SEMAPHORE_GIT_BRANCH": "main", "SEMAPHORE_GIT_PR_BRANCH": "feat/x"}, "feat/x", None),
    (
        {
            "CODEBUILD_BUILD_ID": "site:9",
            "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/feat/x",
            "CODEBUILD_BUILD_URL": "https://ci/9",
        },
        "feat/x",
        "https://ci/9",
    ),
    ({"CI_NAME": "codeship", "CI_BRANCH": "main", "CI_BUILD_URL": "https://ci/9"}, "main", "https://ci/9"),
    ({"CI_NAME": "another", "CI_BRANCH": "main"}, None, None),
    ({"JENKINS_URL": "https://ci/", "CHANGE_BRANCH": "feat/x", "BRANCH_NAME": "PR-3"}, "feat/x", None),
    (
        {"JENKINS_URL": "https://ci/", "GIT_BRANCH": "origin/main", "BUILD_URL": "https://ci/9/"},
        "main",
        "https://ci/9/",
    ),
]


@pytest.mark.parametrize(("variables", "branch", "build_url"), SERVICES)
def test_ci_names_branch_and_build(repository, variables, branch, build_url):
    git(repository, "checkout", "--quiet", "--detach")
    found = detect(repository, variables)
    assert (found.branch, found.build_url) == (branch, build_url)


# Each row: the marker of the service, and its variable for the commit.
COMMITS = [
    ({"GITHUB_ACTIONS": "true"}, "GITHUB_SHA"),
    ({"GITLAB_CI": "true"}, "CI_COMMIT_SHA"),
    ({"CIRCLECI": "true"}, "CIRCLE_SHA1"),
    ({"TF_BUILD": "True"}, "BUILD_SOURCEVERSION"),
    ({"BITBUCKET_BUILD_NUMBER": "9"}, "BITBUCKET_COMMIT"),
    ({"BUILDKITE": "true"}, "BUILDKITE_COMMIT"),
    ({"TRAVIS": "true"}, "TRAVIS_COMMIT"),
    ({"TEAMCITY_VERSION": "2025.11"}, "BUILD_VCS_NUMBER"),
    ({"APPVEYOR": "True"}, "APPVEYOR_REPO_COMMIT"),
    ({"DRONE": "true"}, "DRONE_COMMIT_SHA"),
    ({"SEMAPHORE": "true"}, "SEMAPHORE_GIT_SHA"),
    ({"CODEBUILD_BUILD_ID": "site:9"}, "CODEBUILD_RESOLVED_SOURCE_VERSION"),
    ({"CI_NAME": "codeship"}, "CI_COMMIT_ID"),
    ({"JENKINS_URL": "https://ci/"}, "GIT_COMMIT"),
]


@pytest.mark.parametrize(("marker", "variable"), COMMITS)
def test_where_there_is_no_git_ci_names_the_commit(tmp_path, marker, variable):
    assert detect(tmp_path, {**marker, variable: "1" * 40}).version == "1" * 40


def test_the_merge_with_a_pull_request_is_what_is_checked_out(repository):
    git(repository, "checkout", "--quiet", "-b", "feat/x")
    git(repository, "commit", "--quiet", "--allow-empty", "--message=second")
    git(repository, "checkout", "--quiet", "--detach", "trunk")
    git(repository, "merge", "--quiet", "--no-ff", "--no-edit", "feat/x")
    found = detect(repository, {**GITHUB, "GITHUB_HEAD_REF": "feat/x", "GITHUB_REF": "refs/pull/3/merge"})
    assert found == Revision(git(repository, "rev-parse", "HEAD"), "feat/x", GITHUB_RUN)
    assert found.version != git(repository, "rev-parse", "feat/x")


def test_the_checkout_wins_over_the_commit_that_ci_names(repository):
    assert detect(repository, GITHUB).version == git(repository, "rev-parse", "HEAD")


class TestRequireClean:
    def test_a_fresh_checkout_is_clean(self, repository):
        require_clean(repository / "site", repository / "site" / "pacts", {})

    def test_a_changed_file_is_named_wherever_it_is(self, repository):
        (repository / "site" / "handlers.yaml").write_text("handlers: [1]\n")
        (repository / "elsewhere").mkdir()
        with pytest.raises(UsageError, match=r"site/handlers\.yaml") as raised:
            require_clean(repository / "elsewhere", repository / "elsewhere" / "pacts", {})
        assert "--consumer-app-version" in raised.value.hint

    def test_many_files_are_counted(self, repository):
        for number in range(5):
            (repository / f"new-{number}").touch()
        with pytest.raises(UsageError, match="new-0, new-1, new-2 and 2 more"):
            require_clean(repository, repository / "pacts", {})

    def test_new_files_do_not_count_in_ci(self, repository):
        (repository / "report.xml").touch()
        require_clean(repository, repository / "pacts", {"CI": "true"})

    def test_changed_files_count_in_ci(self, repository):
        (repository / "site" / "handlers.yaml").write_text("handlers: [1]\n")
        with pytest.raises(UsageError):
            require_clean(repository, repository / "pacts", {"CI": "true"})

    def test_the_pacts_themselves_do_not_count(self, repository):
        pacts = repository / "site" / "pacts"
        pacts.mkdir()
        (pacts / "a.json").touch()
        require_clean(repository / "site", pacts, {})

    def test_where_there_is_no_git_nothing_is_dirty(self, tmp_path):
        require_clean(tmp_path, tmp_path / "pacts", {})
