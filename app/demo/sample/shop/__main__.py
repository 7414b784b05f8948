import os

from aiohttp import web

from shop.reporting import start_reporting
from shop.web import create_app


def main() -> None:
    release = os.environ.get("RELEASE", "shop@dev")
    start_reporting(
        dsn=os.environ.get("SENTRY_DSN"),
        release=release,
        environment=os.environ.get("SENTRY_ENVIRONMENT", "development"),
    )
    web.run_app(
        create_app(release),
        host=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8080")),
        shutdown_timeout=3,
        access_log=None,
        print=None,
    )


if __name__ == "__main__":
    main()
