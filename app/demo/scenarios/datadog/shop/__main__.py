import os

from aiohttp import web

from shop.reporting import agent_of
from shop.web import create_app


def main() -> None:
    release = os.environ.get("RELEASE", "shop@dev")
    web.run_app(
        create_app(release, agent_of(os.environ, release)),
        host=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8080")),
        shutdown_timeout=3,
        access_log=None,
        print=None,
    )


if __name__ == "__main__":
    main()
