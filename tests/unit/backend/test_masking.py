"""Tests of masking: what looks like a secret goes, what a template needs stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.backend.masking import MASK, mask_text, mask_value


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD", "DB_PASSWORD", "MYSQL_ROOT_PASSWORD", "dbPassword", "POSTGRES_PASSWD", "PGPASSWORD", "SMTP_PASS",
        "DB_PWD", "DB_PW", "API_KEY", "APIKEY", "api-key", "apiKey", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
        "SECRET_KEY_BASE", "JWT_SECRET", "AUTH_TOKEN", "GITHUB_TOKEN", "NPM_TOKENS", "PRIVATE_KEY", "SSH_KEY", "KEY",
        "ENCRYPTION_KEY", "CREDENTIALS", "DOCKER_AUTH_CONFIG", "SENTRY_DSN", "AUTH_SALT", "RABBITMQ_ERLANG_COOKIE",
        "WEBHOOK_URL", "traefik.http.middlewares.a.basicauth.users", "com.example.secret", "PASSPHRASE", "WIFI_PSK",
        "AZURE_STORAGE_CONNECTION_STRING", "TOTP", "OAUTH2_PROXY_CLIENT",
    ],
)  # fmt: skip
def test_a_name_tells_of_a_secret(name: str) -> None:
    """The value is masked in whole, whatever it looks like."""
    assert mask_value(name, "plain words, 42") == MASK


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("VIRTUAL_HOST", "a.example.com,~^www\\..*"),
        ("VIRTUAL_PORT", "8080"),
        ("KEYCLOAK_HOST", "sso"),
        ("KEYBOARD", "de"),
        ("MONKEY_BUSINESS", "yes please"),
        ("AUTHOR", "me"),
        ("COMPASS", "north"),
        ("PASSENGER_APP_ENV", "production"),
        ("PWD", "/srv/app"),
        ("POSTGRES_PASSWORD_FILE", "/run/secrets/password"),
        ("SSL_KEY_PATH", "/etc/ssl/key.pem"),
        ("MYSQL_ALLOW_EMPTY_PASSWORD", "yes"),
        ("PASSWORD", ""),
        ("com.docker.compose.config-hash", "0123456789abcdef" * 4),
        ("com.docker.compose.project", "shop"),
        ("org.opencontainers.image.authors", "Me <me@example.com>"),
        ("org.opencontainers.image.source", "https://example.com/me/repo@main"),
        ("traefik.http.routers.web.rule", "Host(`token.example.com`) && PathPrefix(`/api`)"),
        ("API_URL", "http://token-service:8080/v1?page=2"),
        ("IMAGE", "registry.example.com:5000/shop/web:1.2@sha256:" + "0123456789abcdef" * 4),
        ("TAGGED", "nginx:1.25@sha256:" + "0123456789abcdef" * 4),
        ("UPSTREAM", "10.0.0.1:80,10.0.0.2:80"),
        ("MAIL", "mailto:someone@example.com"),
        ("ADMIN", "someone@example.com"),
        ("JAVA_OPTS", "-Xmx512m -Dfile.encoding=UTF-8"),
        ("ID", "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"),
        ("RANGE", "192.168.0.0/16"),
        ("MAC", "02:42:ac:11:00:02"),
        ("WHEN", "2026-01-01T00:00:00.000000000Z"),
        ("DESCRIPTION", "basic web server for tokens of love"),
        ("BINDS", "/srv/data:/data:ro"),
    ],
)
def test_what_is_no_secret_stays(name: str, value: str) -> None:
    """Templates are tested with the values that they need."""
    assert mask_value(name, value) == value


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgres://app:hunter2@db:5432/app", "postgres://<masked>@db:5432/app"),
        ("https://hunter2@example.com/x", "https://<masked>@example.com/x"),
        ("redis://:hunter2@cache/0", "redis://<masked>@cache/0"),
        ("amqp://u:hunter2@one,amqp://u:hunter2@two", "amqp://<masked>@one,amqp://<masked>@two"),
        ("postgres://app:hunt/er2@db/app", "postgres://<masked>@db/app"),
        ("postgres://app:hunt@er2@db/app", "postgres://<masked>@db/app"),
        ("see https://u:hunter2@example.com for more", "see https://<masked>@example.com for more"),
        ("root:hunter2@tcp(db:3306)/app", "<masked>@tcp(db:3306)/app"),
        ("https://example.com/cb?a=1&sig=hunter2&b=2", "https://example.com/cb?a=1&sig=<masked>&b=2"),
        ("https://example.com/cb?access_token=hunter2", "https://example.com/cb?access_token=<masked>"),
        ("https://hooks.slack.com/services/T0/B0/hunter2", "https://hooks.slack.com/services/<masked>"),
        ("host=db password=hunter2 user=app", "host=db password=<masked> user=app"),
        ("Server=db;Password=hunter2;Database=app", "Server=db;Password=<masked>;Database=app"),
        ('{"user":"app","password":"hunter2 and more"}', '{"user":"app","password":<masked>}'),
        ("user: app\ntoken: hunter2\n", "user: app\ntoken: <masked>\n"),
        ("username=u,password=hunter2,uid=1", "username=u,password=<masked>,uid=1"),
        ("--api-key=hunter2 --verbose", "--api-key=<masked> --verbose"),
        ("Authorization: Bearer hunter2hunter2", "Authorization: Bearer <masked>"),
        ("Basic YXBwOmh1bnRlcjI=", "Basic <masked>"),
        ("admin:$apr1$hunter2$abcdefghijk", "admin:<masked>"),
        ("admin:$$2y$$05$$hunter2abcdef", "admin:<masked>"),
        ("admin:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "admin:<masked>"),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\nb", "a\n<masked>\nb"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\\nhunter2\\n-----END OPENSSH PRIVATE KEY-----", "<masked>"),
        ("-----BEGIN PRIVATE KEY-----\nhunter2 cut off", "<masked>"),
        ("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCmh1bnRlcjI=", "<masked>"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "<masked>"),
        ("AKIAIOSFODNN7EXAMPLE", "<masked>"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "<masked>"),
        ("glpat-0123456789abcdefghij", "<masked>"),
        ("xoxb-0123456789-abcdefghij", "<masked>"),
        ("sk_live_0123456789abcdefghij", "<masked>"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY12", "<masked>"),
    ],
)
def test_a_shape_tells_of_a_secret(text: str, masked: str) -> None:
    """Only the secret part of a text is masked."""
    assert mask_text(text) == masked


@given(st.text(max_size=60))
def test_masking_survives_any_text(text: str) -> None:
    """Any text is masked without an exception, and masking what is masked changes nothing more that matters."""
    assert isinstance(mask_text(text), str)
    assert isinstance(mask_value("NAME", text), str)


HIDDEN = st.text("abcXYZ019", min_size=6, max_size=12).map(lambda text: f"q{text}z")


@given(HIDDEN, st.sampled_from(["https", "postgres", "amqp+ssl"]), st.sampled_from(["", "app", "a.b"]))
def test_no_password_of_an_address_survives(password: str, scheme: str, user: str) -> None:
    """Whatever the scheme and the user."""
    assert password not in mask_text(f"x {scheme}://{user}:{password}@db.example:5432/app y")


def test_long_texts_are_masked_in_no_time() -> None:
    """No pattern runs away on input made for that: this would take hours if one did."""
    for piece in ("a", "a:", "://", "-----BEGIN A-----", "=", "password", "@", "$1$", "a@", "://a:", "eyJa", "\n"):
        mask_text(piece * 4000)
