"""Masks what looks like a secret, by the name it goes by and by its own shape. Pure; when in doubt it masks."""

from __future__ import annotations

import re

MASK = "<masked>"

# Found anywhere in a name, its separators left out.
_SECRET_PARTS = (
    "password", "passwd", "passphrase", "passwort", "secret", "token", "credential", "apikey", "privatekey",
    "accesskey", "authkey", "encryptionkey", "signingkey", "sshkey", "masterkey", "licensekey", "connectionstring",
    "connstr", "webhook", "basicauth", "digestauth", "oauth",
)  # fmt: skip
# Found as a whole word of a name.
_SECRET_WORDS = frozenset({
    "pass", "pwd", "pw", "key", "keys", "auth", "authorization", "cred", "creds", "salt", "pepper", "dsn", "jwt",
    "pat", "pin", "otp", "totp", "psk", "sas", "cookie", "signature", "sig", "hmac", "bearer", "private",
})  # fmt: skip
_FOLDER_NAMES = frozenset({"PWD", "OLDPWD"})
_PATH_NAME = re.compile(r"(?:file|path|dir|folder|home)$", re.IGNORECASE)
_NO_SECRET = frozenset({"", "true", "false", "yes", "no", "on", "off", "0", "1", "none", "null"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# Lengths are bounded wherever a pattern could otherwise be tried again from each place of a long text.
_TELLING_NAME = r"(?:password|passwd|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|credential)[\w.-]{0,64}"
_SCHEME = r"\b([a-z][a-z0-9+.-]{0,30}://)"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"'&;,}]+)"""

_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL if ignore_case else re.DOTALL), replacement)
    for pattern, replacement, ignore_case in (
        # Key blocks, whole, cut off, or encoded once more.
        (r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", MASK, False),
        (r"LS0tLS1CRUdJTi[A-Za-z0-9+/=\r\n]+", MASK, False),
        (r"PuTTY-User-Key-File-\d.*", MASK, False),
        (r"\bAGE-SECRET-KEY-1[0-9A-Z]+", MASK, False),
        # Credentials in an address: before the last @ of its host part; also where the password holds slashes.
        (rf"{_SCHEME}[^\s/?#]*@", rf"\1{MASK}@", True),
        (rf"{_SCHEME}(?!<masked>)[^\s/@:?#]*:(?!\d+(?:[/?#\s]|\Z))(?:[^\s@]*@)+", rf"\1{MASK}@", True),
        (r"(?:(?<=^)|(?<=[\s,;=\"'(]))(?!mailto:)[^\s:/@,;=\"'(<]+:[^\s/@]+@(?!sha\d+:)", f"{MASK}@", True),
        # Addresses that are secrets themselves, and secrets in a query.
        (r"(hooks\.slack\.com/services/|/api/webhooks/)[^\s\"']+", rf"\1{MASK}", True),
        (r"([?&](?:key|sig|signature|code|auth|x-amz-[\w-]+)=)[^&\s\"']+", rf"\1{MASK}", True),
        # Names with values inside a value: `password=x`, `"token": "x"`, `token: x`.
        (rf"({_TELLING_NAME}[\"']?\s*=\s*){_VALUE}", rf"\1{MASK}", True),
        (rf"({_TELLING_NAME}(?:[\"']\s*:\s*|:\s+)){_VALUE}", rf"\1{MASK}", True),
        (r"\b(bearer|basic)\s+(?=\S*[\d=+/])[A-Za-z0-9+/=._~-]{8,}", rf"\1 {MASK}", True),
        # Hashes of passwords.
        (r"\${1,2}(?:apr1|2[abxy]|1|5|6|y|7|argon2\w*|scrypt|pbkdf2[\w-]*)\$[^\s,:\"']+", MASK, True),
        (r"\{(?:S?SHA\d*|S?MD5|CRYPT)\}[^\s,:\"']+", MASK, True),
        # Tokens that tell what they are.
        (r"\beyJ[\w-]{8,4096}\.[\w-]+(?:\.[\w-]*)?", MASK, False),
        (r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b", MASK, False),
        (r"\b(?:gh[pousr]_|github_pat_|glpat-|gldt-|npm_|hf_|dop_v1_|dckr_pat_|pypi-|shpat_|hvs\.|hvb\.)[\w-]{10,}",
         MASK, False),
        (r"\b(?:xox[abeoprs]-|xapp-|sk-|sk_live_|rk_live_|sk_test_|whsec_|SG\.|ya29\.|AIza)[\w.-]{10,}", MASK, False),
    )
)  # fmt: skip
_LONG = re.compile(r"(?<![\w+/=.:-])[A-Za-z0-9+_-][A-Za-z0-9+/_-]{39,}={0,2}(?![\w+/=-])")
_OF_EACH_KIND_MIN = 3


def mask_value(name: str, value: str) -> str:
    """Mask a value that goes by a name, such as a variable's or a label's.

    Args:
        name: tells by itself whether the value is a secret.
        value: masked in whole where the name says so, else only its parts that have a secret's shape.
    """
    return MASK if _is_secret(name, value) else mask_text(value)


def mask_text(text: str) -> str:
    """Mask the parts of a text that have a secret's shape."""
    for pattern, replacement in _SHAPES:
        text = pattern.sub(replacement, text)
    return _LONG.sub(lambda match: MASK if _looks_random(match[0]) else match[0], text)


def _is_secret(name: str, value: str) -> bool:
    if value.lower() in _NO_SECRET or not _names_a_secret(name):
        return False
    # The place of a secret is none: PASSWORD_FILE=/run/secrets/password is what a template may need.
    is_place = value.startswith("/") and (name in _FOLDER_NAMES or _PATH_NAME.search(name) is not None)
    return not is_place


def _names_a_secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    joined = "".join(words)
    return any(part in joined for part in _SECRET_PARTS) or not _SECRET_WORDS.isdisjoint(words)


def _looks_random(text: str) -> bool:
    """Whether letters of both cases and digits are mixed, which digests, ids and words are not."""
    kinds = (sum(map(str.isupper, text)), sum(map(str.islower, text)), sum(map(str.isdigit, text)))
    return min(kinds) >= _OF_EACH_KIND_MIN
