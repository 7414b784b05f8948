"""Failures and traces go to Sentry."""

import sentry_sdk


def start_reporting(dsn: str | None, release: str, environment: str) -> None:
    if not dsn:
        return
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        environment=environment,
        traces_sample_rate=1.0,
        shutdown_timeout=2,
    )


async def flush_reports(app: object) -> None:
    sentry_sdk.flush(timeout=2)
