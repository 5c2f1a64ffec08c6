"""An SMTP server for tests: listens on a free loopback port, prints it, and keeps each mail as a file.

Usage: server.py FOLDER. It refuses whoever is addressed as later@… with 451 until a file FOLDER/open is there, and
never@… with 550. Whoever signs in must be ada@example.com with the password p@ss:word. It ends with whoever holds the other end of its standard input.
"""

import asyncio
import pathlib
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder = pathlib.Path(sys.argv[1])


class Handler:
    kept = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later@") and not (folder / "open").exists():
            return "451 4.2.1 mailbox is busy, try again"
        if address.startswith("never@"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.kept += 1
        draft = folder / f"{self.kept:04}.draft"
        draft.write_bytes(envelope.original_content)
        draft.rename(draft.with_suffix(".eml"))
        return "250 kept"


def authenticate(server, session, envelope, mechanism, given):
    right = given.login == b"ada@example.com" and given.password == b"p@ss:word"
    return AuthResult(success=right, handled=False)


def protocol(handler, loop):
    return SMTP(handler, enable_SMTPUTF8=True, loop=loop, authenticator=authenticate, auth_require_tls=False)


async def serve():
    loop = asyncio.get_running_loop()
    handler = Handler()
    server = await loop.create_server(lambda: protocol(handler, loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(serve())
