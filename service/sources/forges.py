"""Addresses of Git repositories, and of their files on the forges that show them."""

import re
from urllib.parse import urlsplit

_SCHEMES = ("https", "http", "ssh", "git")
# git@github.com:owner/repository.git
_SCP = re.compile(r"(?P<user>[\w.-]{1,100})@(?P<host>[\w.-]{1,253}):(?P<path>[^:\s]{1,500})", re.ASCII)
_LINKS = {
    "github": "{base}/blob/{commit}/{path}",
    "gitlab": "{base}/-/blob/{commit}/{path}",
    "gitea": "{base}/src/commit/{commit}/{path}",  # Forgejo, too
    "bitbucket": "{base}/src/{commit}/{path}",
}
_HOSTS = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "codeberg.org": "gitea",
    "gitea.com": "gitea",
    "bitbucket.org": "bitbucket",
}


def is_remote(repository: str) -> bool:
    """Return whether a repository is named by an address, and not by a folder."""
    return "://" in repository or bool(_SCP.fullmatch(repository))


def check_repository(repository: str) -> str:
    """Return the address or folder of a repository. Raises ValueError if it cannot be one, or holds a password."""
    if not is_remote(repository) or _SCP.fullmatch(repository):
        return repository
    parts = urlsplit(repository)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ValueError(f"write an address with {', '.join(_SCHEMES)}, or the path of a folder")
    if parts.password is not None or (parts.username and parts.scheme != "ssh"):
        raise ValueError("leave user and password out of the address; write user and password_variable")
    return repository


def check_link(link: str) -> str:
    """Return a pattern of links to files. Raises ValueError if it is not one."""
    if not link.startswith(("https://", "http://")) or "{path}" not in link:
        raise ValueError("write an address with {path} and {commit}")
    if "{" in re.sub(r"\{(?:path|commit)\}", "", link) or "}" in re.sub(r"\{(?:path|commit)\}", "", link):
        raise ValueError("it may hold {path} and {commit} alone")
    return link


def link_for(repository: str, forge: str | None) -> str | None:
    """Return the pattern of links to the files of a repository. None if it is unknown how its forge links to them."""
    if not is_remote(repository):
        return None
    if scp := _SCP.fullmatch(repository):
        host, path = scp["host"], scp["path"]
    else:
        parts = urlsplit(repository)
        host, path = (parts.hostname or "") if parts.scheme in ("ssh", "git") else parts.netloc, parts.path
    forge = forge or _HOSTS.get(host.lower())
    scheme = "http" if repository.startswith("http://") else "https"
    base = f"{scheme}://{host}/{path.strip('/').removesuffix('.git')}".replace("{", "%7B").replace("}", "%7D")
    return _LINKS[forge].replace("{base}", base) if forge else None
