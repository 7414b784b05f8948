"""The whole journey on one machine: stand-ins for GitHub, Sentry and a hosting platform, a sample service."""
